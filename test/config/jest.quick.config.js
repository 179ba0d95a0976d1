// The run of a contributor, npm test: every part of the system once, with small counts and without the suites that take longest.
// scripts/test-all.ts runs all of them.
import { availableParallelism } from 'node:os';
import base from './jest.config.js';

// Workers inherit it (test/support/case-counts.ts).
process.env.COUNTS ??= 'small';

/** Large numbers are what these tests are about. */
const LEFT_OUT = ['<rootDir>/test/aws/scale/(large-grant|long-history)', '<rootDir>/test/aws/flows/memory'];
/** Without those that repeat tests on another curve backend or another engine. */
const projects = base.projects.filter(({ displayName }) => ['unit', 'aws', 'flows'].includes(displayName));

/** @type {import('jest').Config} */
export default {
  ...base,
  // On two cores jest would run one suite at a time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  projects: projects.map(({ testPathIgnorePatterns = ['/node_modules/'], ...project }) => ({
    ...project,
    testPathIgnorePatterns: [...testPathIgnorePatterns, ...LEFT_OUT],
  })),
};
