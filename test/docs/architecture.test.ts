// Tests that docs/architecture.md lists the same imports as the rules that `npm run imports` checks.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Rule {
  readonly name: string;
  readonly to: { readonly pathNot?: string };
}
const { forbidden } = createRequire(import.meta.url)('../../scripts/config/import-rules.cjs') as {
  readonly forbidden: readonly Rule[];
};
const page = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');

/** The folders that each folder may import, besides itself. */
const allowed = forbidden.flatMap(({ name, to }) => {
  const [, folder] = /^(\w+)-imports$/.exec(name) ?? [];
  const [, names = ''] = /^\^lib\/\(([\w|]+)\)\/$/.exec(to.pathNot ?? '') ?? [];
  return folder === undefined ? [] : [[folder, names.split('|').slice(1).sort()] as const];
});

test('the table of docs/architecture.md has the imports that the rules allow', () => {
  const [, table = ''] = page.split('| folder | may import |\n|---|---|\n');
  const rows = [...table.split('\n\n')[0]!.matchAll(/^\| (\w+) \| (.+) \|$/gm)].map(
    ([, folder, names]) => [folder, names === '-' ? [] : names!.split(', ').sort()] as const,
  );
  expect(allowed.length).toBeGreaterThan(10);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(allowed));
});
