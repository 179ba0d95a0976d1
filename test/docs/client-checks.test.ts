// Tests docs/client-checks.md and docs/client-checks-of-records.md: each row names one test of test/client. The passages about clients in
// docs/threat-model.md and docs/SECURITY.md name rows.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MUTANTS } from '../config/client-mutants.ts';
import { checkPages, checkRows, patternOf, testsOf, titlesOf } from './client-check-rows.ts';
import { ROOT } from './page-faults.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const isNumbered = (ids: readonly string[]): boolean =>
  ids.every((id, i) => {
    const before = ids[i - 1];
    return id === `${id[0]}${before?.[0] === id[0] ? Number(before!.slice(1)) + 1 : 1}`;
  });

/** Finds the ids of rows in a text. `K1-K7` and `K1 to K7` mean all from the first to the last. */
const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/\b([KCGRTL])(\d+)(?:(?:-| to )\1(\d+))?\b/g)].flatMap(([, letter = '', from = '', to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${letter}${Number(from) + i}`),
  );

/** Table rows, bullets and paragraphs of a section, each as one line. */
const blocksOf = (section: string): readonly string[] =>
  section.split(/\n(?=\||- |\n)/).map((block) => block.trim().replace(/\s+/g, ' '));
const sectionOf = (page: string, heading: string): string => page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
const isAboutClients = (block: string): boolean =>
  /\b(?:clients?(?!-)|readers?|judges?|the recipient checks)\b/i.test(block);
const withoutId = (section: string): readonly string[] =>
  blocksOf(section).filter((block) => isAboutClients(block) && idsIn(block).length === 0);

const rows = checkRows();
const model = read('docs/threat-model.md');
const security = read('docs/SECURITY.md');

describe('docs/client-checks.md', () => {
  test('numbers its rows without a gap, and has no row of another form', () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(isNumbered(rows.map((r) => r.id))).toBe(true);
    expect(checkPages().match(/^\| [A-Z]\d/gm)).toHaveLength(rows.length);
  });

  test.each(rows.map((row) => [row.id, row] as const))('%s names one test that exists', (_, { file, title }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    expect(testsOf(titlesOf(read(file)), title)).toHaveLength(1);
  });

  test('has a mutant for each row, and no mutant is of another row', () => {
    expect(Object.keys(MUTANTS).sort()).toEqual(rows.map((r) => r.id).sort());
  });

  test('has no row that neither the threat model nor SECURITY.md names, and they name no other', () => {
    const named = new Set([...idsIn(model), ...idsIn(security)]);
    expect([...named].sort()).toEqual(rows.map((r) => r.id).sort());
  });
});

describe('what clients do has a row', () => {
  test('in each attack of docs/threat-model.md', () => {
    expect(blocksOf(sectionOf(model, 'Attacks')).length).toBeGreaterThan(20);
    expect(withoutId(sectionOf(model, 'Attacks'))).toEqual([]);
  });

  test('in each guarantee of docs/SECURITY.md', () => {
    const guarantees = sectionOf(security, 'Guarantees');
    expect(blocksOf(guarantees).filter(isAboutClients).length).toBeGreaterThan(3);
    expect(withoutId(guarantees)).toEqual([]);
  });
});

test('docs/threat-model.md is read in ten minutes: at most 2,000 words', () => {
  expect(model.split(/\s+/).length).toBeLessThanOrEqual(2_000);
});

describe('the checks of this test', () => {
  const titles = ['a > is refused', 'b > is refused', 'b > is refused twice', 'b > %s', 'b > %s is read'];

  test.each([
    ['is refused twice', 1],
    ['is refused', 2],
    ['b > is refused', 1],
    ['is refused t', 1],
    ['%s', 1],
    ['is accepted', 0],
  ])('find the tests of %j', (wanted, count) => {
    expect(testsOf(titles, wanted)).toHaveLength(count);
  });

  test('make the pattern with which jest finds the tests', () => {
    const pattern = new RegExp(patternOf('a (list) > %s is refused'));
    expect(['a (list) x is refused', 'b is refused'].map((title) => pattern.test(title))).toEqual([true, false]);
  });

  test('find titles of all forms', () => {
    const source = `describe('a', () => {\n test("it's", async () => {\n test.each([\n ['x', () => 1],\n ])('%s', (_) =>\n test(\n 'long',\n () =>`;
    expect(titlesOf(source)).toEqual(expect.arrayContaining(["a > it's", 'a > %s', 'a > long']));
  });

  test('find ranges of ids, gaps, and a block without an id', () => {
    expect(idsIn('K1-K3, C10 and T2 to T3, but no S3')).toEqual(['K1', 'K2', 'K3', 'C10', 'T2', 'T3']);
    expect([isNumbered(['K1', 'K2', 'C1']), isNumbered(['K1', 'K3']), isNumbered(['K2'])]).toEqual([
      true,
      false,
      false,
    ]);
    expect(withoutId('- clients do this (K1)\n- a client does that\n- the service does it')).toEqual([
      '- a client does that',
    ]);
  });
});
