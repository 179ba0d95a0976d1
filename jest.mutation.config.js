// The tests that mutants of lib/domain must not survive.
import base from './jest.config.js';

const [unit] = base.projects;

/** @type {import('jest').Config} */
export default { ...unit, testMatch: ['<rootDir>/test/domain/**/*.test.ts'] };
