// Configures the jest projects. Sources are native ESM in TypeScript with `.ts` specifiers. swc only removes the types, so the tests run the code as written.
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
  // By default jest kills a worker that has not ended after 500 ms, and warns. On a busy machine a worker needs longer to end by itself.
  workerGracefulExitTimeout: 60_000,
  // In milliseconds. With COUNTS=long, property tests run many more cases (test/support/case-counts.ts).
  testTimeout: process.env.COUNTS === 'long' ? 1_200_000 : 300_000,
  projects: [
    // Tests that need no AWS and no network.
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', NEEDS_AWS],
    },
    // The tests of the scheme, repeated on the backend noble. The unit tests use the kernel.
    {
      ...common,
      displayName: 'noble',
      testMatch: ['<rootDir>/test/umbral/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/umbral/kernel/'],
      moduleNameMapper: { '/choose-backend\\.ts$': '<rootDir>/test/support/choose-noble-backend.ts' },
    },
    // The tests of the envelope, repeated on WebCrypto, the engine of browsers.
    {
      ...common,
      displayName: 'webcrypto',
      testMatch: ['<rootDir>/test/envelope/**/*.test.ts'],
      moduleNameMapper: { '/choose-engine\\.ts$': '<rootDir>/test/support/choose-engine-web.ts' },
    },
    // Tests on the local AWS. The service runs in the process of the test.
    {
      ...common,
      displayName: 'aws',
      testMatch: ['<rootDir>/test/aws/{stores,concurrency,attacks,scale}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/aws-setup.ts',
      globalTeardown: '<rootDir>/test/support/teardown.ts',
    },
    // Tests over HTTP. serverless-offline runs the API on the local AWS.
    {
      ...common,
      displayName: 'flows',
      testMatch: ['<rootDir>/test/aws/flows/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/api-setup.ts',
      globalTeardown: '<rootDir>/test/support/teardown.ts',
    },
  ],
};
