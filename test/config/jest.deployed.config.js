// The flows against a deployed stack, whose address is in API_URL: nothing is started here (scripts/test-deployed.ts does).
import base from './jest.config.js';

const [unit] = base.projects;

/** @type {import('jest').Config} */
export default {
  ...unit,
  displayName: 'deployed',
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/aws/{flows,deployed}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
