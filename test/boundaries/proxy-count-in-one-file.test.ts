// Tests that lib/statements/proxy-threshold.ts alone contains the service's name as a proxy and the number of proxies, so that no other file
// has a copy of them.
import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundle.ts';

const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts'))
  .map((file) => ({ file, source: readFileSync(join(root, 'lib', file), 'utf8') }));

/** Files of lib that contain the pattern, in code or in comments. */
const naming = (pattern: RegExp): readonly string[] =>
  sources.filter(({ source }) => pattern.test(source)).map(({ file }) => file);

test.each([
  // A request has a member with the same name, which lib/domain/request.ts returns if the member is not valid.
  ["the service's name as a proxy", /(?<!return )(['"`])service\1/],
  ['a number of proxies', /\b(threshold|shares)(: z\.literal\(|: | = )\d/i],
])('%s is in one file', (_, pattern) => {
  expect(naming(pattern)).toEqual(['statements/proxy-threshold.ts']);
});

test('one file of the stores names the member of an item that contains a key fragment', () => {
  const stores = naming(/\bkfrag\b/).filter((file) => file.startsWith('stores/'));
  expect(stores).toEqual(['stores/dynamo/key-fragments.ts']);
});

test('no file assumes that a cell has one key fragment', () => {
  expect(naming(/kfrags(\?\.)?\[0\]|kfrags\.length === [1-9]/)).toEqual([]);
});
