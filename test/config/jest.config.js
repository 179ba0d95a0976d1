// The jest projects. Sources are native ESM in TypeScript with `.ts` specifiers; swc only strips the types, so the tests run the code as written.
import { join } from 'node:path';

const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023', experimental: { keepImportAttributes: true } },
      module: { type: 'es6' },
    },
  ],
};
const rootDir = join(import.meta.dirname, '..', '..');
const common = { rootDir, testEnvironment: 'node', extensionsToTreatAsEsm: ['.ts'], transform };
const NEEDS_AWS = '<rootDir>/test/aws/';

/** @type {import('jest').Config} */
export default {
  rootDir,
  coverageProvider: 'babel',
  // A worker ends by itself. On a busy machine this takes longer than the 500 ms after which jest would force it to, and warn.
  workerGracefulExitTimeout: 60_000,
  // In milliseconds. With COUNTS=long, property tests run many more cases (test/support/case-counts.ts).
  testTimeout: process.env.COUNTS === 'long' ? 1_200_000 : 60_000,
  projects: [
    // Pure code: no AWS, no network.
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', NEEDS_AWS],
    },
    // The scheme again, on noble, which is otherwise only the fallback.
    {
      ...common,
      displayName: 'noble',
      testMatch: ['<rootDir>/test/umbral/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/umbral/kernel/'],
      moduleNameMapper: { '/choose-backend\\.ts$': '<rootDir>/test/support/choose-noble-backend.ts' },
    },
    // The envelope again, on the engine of browsers.
    {
      ...common,
      displayName: 'webcrypto',
      testMatch: ['<rootDir>/test/envelope/**/*.test.ts'],
      moduleNameMapper: { '/choose-engine\\.ts$': '<rootDir>/test/support/choose-engine-web.ts' },
    },
    // On the local AWS, with the service in the process of the test.
    {
      ...common,
      displayName: 'aws',
      testMatch: ['<rootDir>/test/aws/{stores,concurrency,attacks,scale}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/aws-setup.ts',
      globalTeardown: '<rootDir>/test/support/teardown.ts',
    },
    // Over HTTP: serverless-offline runs the API, on the local AWS.
    {
      ...common,
      displayName: 'flows',
      testMatch: ['<rootDir>/test/aws/flows/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/api-setup.ts',
      globalTeardown: '<rootDir>/test/support/teardown.ts',
    },
  ],
};
