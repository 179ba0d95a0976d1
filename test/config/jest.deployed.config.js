// Configures the flow tests against a deployed stack, whose address is in API_URL. scripts/test-deployed.ts starts this run; jest starts no service.
import base from './jest.config.js';

const [unit] = base.projects;

/** @type {import('jest').Config} */
export default {
  ...unit,
  displayName: 'deployed',
  workerGracefulExitTimeout: base.workerGracefulExitTimeout,
  testTimeout: 300_000,
  testMatch: ['<rootDir>/test/aws/{flows,deployed}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
