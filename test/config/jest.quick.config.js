// The configuration of npm test: every part of the system with few cases, without the slowest suites. scripts/test-all.ts runs all.
import { availableParallelism } from 'node:os';
import base from './jest.config.js';

// Worker processes inherit the variable (test/support/case-counts.ts).
process.env.COUNTS ??= 'small';

/** These suites need large numbers. */
const LEFT_OUT = ['<rootDir>/test/aws/scale/(large-grant|long-history)', '<rootDir>/test/aws/flows/peak-memory'];
/** Without the projects that repeat tests on another curve backend or engine. */
const projects = base.projects.filter(({ displayName }) => ['unit', 'aws', 'flows'].includes(displayName));

/** @type {import('jest').Config} */
export default {
  ...base,
  // Two workers at least: by default, jest would run one suite at a time on two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  projects: projects.map(({ testPathIgnorePatterns = ['/node_modules/'], ...project }) => ({
    ...project,
    testPathIgnorePatterns: [...testPathIgnorePatterns, ...LEFT_OUT],
  })),
};
