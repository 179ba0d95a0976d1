// Configures mutation testing of lib/domain and lib/usecases. Stryker runs the tests for every mutant, so they are one file and stop at the first failure.
import { join } from 'node:path';
import base from './jest.config.js';

const [unit] = base.projects;

/** @type {import('jest').Config} */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/support/all-core-tests.ts'],
  testEnvironment: join(import.meta.dirname, 'stop-at-first-failure.cjs'),
};
