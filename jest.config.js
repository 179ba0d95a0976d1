// Native ESM; the sources are TypeScript with `.ts` specifiers, stripped by swc, so what is tested is what is written.
const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } }],
};
const common = { rootDir: import.meta.dirname, testEnvironment: 'node', extensionsToTreatAsEsm: ['.ts'], transform };

/** @type {import('jest').Config} */
export default {
  coverageProvider: 'babel',
  projects: [
    // Pure code: no AWS, no network.
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(stores|flows|http|deployed)/'],
    },
  ],
};
