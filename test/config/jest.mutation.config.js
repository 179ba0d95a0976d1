// The tests that mutants of lib/domain and lib/usecases must not survive. They run as one file, and only until one fails: this is done once for
// every mutant.
import { join } from 'node:path';
import base from './jest.config.js';

const [unit] = base.projects;

/** @type {import('jest').Config} */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/support/all-core-tests.ts'],
  testEnvironment: join(import.meta.dirname, 'stop-at-first-failure.cjs'),
};
