// Tests docs/spec/reader-checks.md: its steps are numbered without a gap, and its codes are those of the SDK.
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const rows = [...(await read('docs/spec/reader-checks.md')).matchAll(/^\| (\d+) +\|.*\| ([^|]+) \|$/gm)];
const source = await read('lib/client/session/errors.ts');
const wordsOf = (type: string): readonly string[] =>
  [...new RegExp(`export type ${type} =([\\s\\S]+?)\\n\\n`).exec(source)![1]!.matchAll(/^ *\| '([\w-]+)'/gm)].map(
    ([, word]) => word!,
  );

test('the steps are numbered without a gap', () => {
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.map(([, step]) => Number(step))).toEqual(rows.map((_, i) => i + 1));
});

test('each code is a check or an error code of the SDK, and no check is missing', () => {
  const codes = new Set(rows.flatMap(([, , codes]) => [...codes!.matchAll(/`([\w-]+)`/g)].map(([, code]) => code!)));
  const known = [...wordsOf('Check'), ...wordsOf('ClientErrorCode')];
  expect([...codes].filter((code) => !known.includes(code))).toEqual([]);
  // The checks that a reader of granted records does not make: those of filing, of the trail, of the chain of statements, and of the patient's own folders.
  const elsewhere = [
    'folder-name',
    'request',
    'chain',
    'evidence',
    'audit',
    'service-key',
    'time',
    'checkpoint',
    'receipt',
  ];
  expect(wordsOf('Check').filter((check) => !codes.has(check))).toEqual(expect.arrayContaining(elsewhere));
  expect(wordsOf('Check').filter((check) => !codes.has(check) && !elsewhere.includes(check))).toEqual([]);
});
