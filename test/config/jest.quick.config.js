// Configures npm test: it tests every part of the system with few cases, and leaves out the slowest suites. scripts/test-all.ts runs all suites.
import { availableParallelism } from 'node:os';
import base from './jest.config.js';

// Worker processes inherit the variable (test/support/case-counts.ts).
process.env.COUNTS ??= 'small';

/** Suites that take long: they need large numbers of items, bytes or random lives, or start the whole system again. */
const LEFT_OUT = [
  '<rootDir>/test/aws/scale/(large-grant|long-history)',
  '<rootDir>/test/aws/flows/(large-upload|peak-memory|sizes|user-aws-settings)',
  '<rootDir>/test/aws/concurrency/(expiry|replay)',
  '<rootDir>/test/client/liar/planted-mistakes',
  '<rootDir>/test/localstack/shutdown',
];
/** All projects except those that repeat tests on another curve backend or engine. */
const projects = base.projects.filter(({ displayName }) => ['unit', 'aws', 'flows'].includes(displayName));

/** @type {import('jest').Config} */
export default {
  ...base,
  // At least two workers, because jest runs one suite at a time by default on a machine with two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  projects: projects.map(({ testPathIgnorePatterns = ['/node_modules/'], ...project }) => ({
    ...project,
    testPathIgnorePatterns: [...testPathIgnorePatterns, ...LEFT_OUT],
  })),
};
