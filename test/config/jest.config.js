// Native ESM; the sources are TypeScript with `.ts` specifiers, stripped by swc, so what is tested is what is written.
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
  // Milliseconds; long counts let properties run twenty times as often (test/support/case-counts.ts).
  testTimeout: process.env.COUNTS === 'long' ? 1_200_000 : 60_000,
  projects: [
    // Pure code: no AWS, no network.
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', NEEDS_AWS],
    },
    // The scheme once more, on the backend that is otherwise only the fallback.
    {
      ...common,
      displayName: 'noble',
      testMatch: ['<rootDir>/test/umbral/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/umbral/kernel/'],
      moduleNameMapper: { '/choose-backend\\.ts$': '<rootDir>/test/support/choose-noble-backend.ts' },
    },
    // The envelope once more, on the engine that browsers have.
    {
      ...common,
      displayName: 'webcrypto',
      testMatch: ['<rootDir>/test/envelope/**/*.test.ts'],
      moduleNameMapper: { '/choose-engine\\.ts$': '<rootDir>/test/support/choose-engine-web.ts' },
    },
    // Over the local AWS, the service inside the test's process.
    {
      ...common,
      displayName: 'aws',
      testMatch: ['<rootDir>/test/aws/{stores,concurrency,attacks,scale}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/aws-setup.ts',
      globalTeardown: '<rootDir>/test/support/teardown.ts',
    },
    // Over HTTP: the API by serverless-offline in front of the local AWS.
    {
      ...common,
      displayName: 'flows',
      testMatch: ['<rootDir>/test/aws/flows/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/api-setup.ts',
      globalTeardown: '<rootDir>/test/support/teardown.ts',
    },
  ],
};
