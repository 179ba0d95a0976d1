// The name of the service as a proxy, and how many proxies there are, stand in lib/statements/proxy-threshold.ts: several proxies are a change there.
import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundle.ts';

const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts'))
  .map((file) => ({ file, source: readFileSync(join(root, 'lib', file), 'utf8') }));

/** Files of lib that contain this, in code or in comments. */
const naming = (pattern: RegExp): readonly string[] =>
  sources.filter(({ source }) => pattern.test(source)).map(({ file }) => file);

test.each([
  ["the service's name as a proxy", /(['"`])service\1/],
  ['a number of proxies', /\b(threshold|shares)(: z\.literal\(|: | = )\d/i],
])('%s stands in one file', (_, pattern) => {
  expect(naming(pattern)).toEqual(['statements/proxy-threshold.ts']);
});

test('one file of the stores names the member of an item that contains a key fragment', () => {
  const stores = naming(/\bkfrag\b/).filter((file) => file.startsWith('stores/'));
  expect(stores).toEqual(['stores/dynamo/key-fragments.ts']);
});

test('no file takes the first key fragment of a cell for the only one', () => {
  expect(naming(/kfrags(\?\.)?\[0\]|kfrags\.length === [1-9]/)).toEqual([]);
});
