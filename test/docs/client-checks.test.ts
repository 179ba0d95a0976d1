// Tests docs/client-checks.md: each row names one test of test/client, and docs/threat-model.md and docs/SECURITY.md name a row for what clients do.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from './page-faults.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Row {
  readonly id: string;
  readonly file: string;
  /** The beginning of the test's title, or its `describe`, ` > ` and the beginning of its title. */
  readonly title: string;
}

const ROW = /^\| ([A-Z]\d+) \| .+ \| `([\w-]+): (.+)` \|$/gm;
const rowsOf = (page: string): readonly Row[] =>
  [...page.matchAll(ROW)].map(([, id = '', file = '', title = '']) => ({ id, file, title }));

/** The titles of a test file, each with the last `describe` before it. A title is a text that is passed together with a function. */
const titlesOf = (source: string): readonly string[] => {
  let within = '';
  const titles: string[] = [];
  for (const [, before, , title = ''] of source.matchAll(/(\w*)\(\s*(['"])((?:(?!\2).)+)\2,\s*(?:async )?\(/g)) {
    if (before === 'describe') within = title;
    else titles.push(`${within} > ${title}`);
  }
  return titles;
};

/** The tests that a row means: those with exactly this title, otherwise those whose title begins with it. */
const testsOf = (titles: readonly string[], wanted: string): readonly string[] => {
  const named = (title: string): string => (wanted.includes(' > ') ? title : title.slice(title.indexOf(' > ') + 3));
  const exact = titles.filter((t) => named(t) === wanted);
  return exact.length > 0 ? exact : titles.filter((t) => named(t).startsWith(wanted));
};

const isNumbered = (ids: readonly string[]): boolean =>
  ids.every((id, i) => {
    const before = ids[i - 1];
    return id === `${id[0]}${before?.[0] === id[0] ? Number(before!.slice(1)) + 1 : 1}`;
  });

/** The ids in a text. `K1-K7` and `K1 to K7` mean all from the first to the last. */
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

const rows = rowsOf(read('docs/client-checks.md'));
const model = read('docs/threat-model.md');
const security = read('docs/SECURITY.md');

describe('docs/client-checks.md', () => {
  test('numbers its rows without a gap, and has no row of another form', () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(isNumbered(rows.map((r) => r.id))).toBe(true);
    expect(read('docs/client-checks.md').match(/^\| [A-Z]\d/gm)).toHaveLength(rows.length);
  });

  test.each(rows.map((row) => [row.id, row] as const))('%s names one test that exists', (_, { file, title }) => {
    const path = `test/client/${file}.test.ts`;
    expect(existsSync(join(ROOT, path))).toBe(true);
    expect(testsOf(titlesOf(read(path)), title)).toHaveLength(1);
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
