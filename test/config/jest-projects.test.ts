// Tests the jest configurations: every pattern finds tests, and every test is run by a configuration.
import { expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';

interface Config {
  readonly testMatch: readonly string[];
  readonly testPathIgnorePatterns?: readonly string[];
}

const load = async <T>(name: string): Promise<T> => ((await import(`./${name}.js`)) as { readonly default: T }).default;
const { rootDir, projects } = await load<{ readonly rootDir: string; readonly projects: readonly Config[] }>(
  'jest.config',
);
const { projects: quick } = await load<{ readonly projects: readonly Config[] }>('jest.quick.config');
const deployed = await load<Config>('jest.deployed.config');
const parts = [await load<Config>('jest.coverage.config'), await load<Config>('jest.mutation.config')];

const files = readdirSync(join(rootDir, 'test'), { recursive: true, encoding: 'utf8' }).map((file) =>
  join(rootDir, 'test', file),
);
const inRoot = (pattern: string): string => pattern.replace('<rootDir>', rootDir);
const matches = ({ testMatch, testPathIgnorePatterns = [] }: Config, file: string): boolean =>
  testMatch.some((glob) => matchesGlob(file, inRoot(glob))) &&
  !testPathIgnorePatterns.some((pattern) => new RegExp(inRoot(pattern)).test(file));

const patterns = [...projects, deployed, ...parts].flatMap((config) =>
  config.testMatch.map((glob) => [glob, { ...config, testMatch: [glob] }] as const),
);
test.each(patterns)('%s finds tests', (_, config) => {
  expect(files.filter((file) => matches(config, file))).not.toEqual([]);
});

test('every test is run by a configuration', () => {
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  expect(tests.length).toBeGreaterThan(100);
  expect(tests.filter((file) => ![...projects, deployed].some((config) => matches(config, file)))).toEqual([]);
});

test('npm test runs every test except these', () => {
  const tests = files.filter((file) => file.endsWith('.test.ts') && projects.some((config) => matches(config, file)));
  const leftOut = tests.filter((file) => !quick.some((config) => matches(config, file)));
  expect(leftOut.map((file) => relative(rootDir, file)).sort()).toEqual([
    'test/aws/concurrency/expiry.test.ts',
    'test/aws/concurrency/replay.test.ts',
    'test/aws/flows/large-upload.test.ts',
    'test/aws/flows/peak-memory.test.ts',
    'test/aws/flows/sizes.test.ts',
    'test/aws/flows/user-aws-settings.test.ts',
    'test/aws/scale/large-grant.test.ts',
    'test/aws/scale/long-history.test.ts',
    'test/client/liar/planted-mistakes.test.ts',
    'test/localstack/shutdown.test.ts',
  ]);
});
