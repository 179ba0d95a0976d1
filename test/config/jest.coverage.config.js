// Configures the coverage run: the tests of the pure core must cover every line of the core.
import base from './jest.config.js';

const [unit] = base.projects;
const CORE = '{umbral,envelope,statements,identity,domain,usecases}';

/** @type {import('jest').Config} */
export default {
  ...unit,
  workerGracefulExitTimeout: base.workerGracefulExitTimeout,
  testTimeout: base.testTimeout,
  // The tests of the documents also run code of the core.
  testMatch: [`<rootDir>/test/${CORE}/**/*.test.ts`, '<rootDir>/test/docs/*.test.ts'],
  collectCoverage: true,
  coverageProvider: base.coverageProvider,
  collectCoverageFrom: [`lib/${CORE}/**/*.ts`],
  coverageReporters: ['text-summary'],
  coverageThreshold: { global: { lines: 100 } },
};
