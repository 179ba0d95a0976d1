// Tests the documents: links and paths exist, pages and bullets are short, every page of docs/spec links the glossary, and the pages that comments name exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { allPages, brokenLinks, headLinks, longBullets, missingPaths, ROOT, type Page } from './page-faults.ts';

const pages = allPages();
const cases = pages.map((page) => [page.path, page] as const);
const pageOf = (text: string): Page => ({ path: 'docs/spec/planted.md', text });

test('there are pages to check', () => {
  expect(pages.length).toBeGreaterThan(40);
});

describe('links', () => {
  test.each(cases)('of %s exist', (_, page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test.each([
    ['a file that does not exist', '[x](nowhere.md)', 'nowhere.md'],
    ['a file that another folder has', '[x](architecture.md)', 'architecture.md'],
    ['a heading that does not exist', '[x](blob.md#no-such-heading)', 'blob.md#no-such-heading'],
    ['a heading of the page itself', '# One\n\n[x](#two)', '#two'],
    ['code as its text', '[`x`](nowhere.ts)', 'nowhere.ts'],
  ])('brokenLinks finds a link to %s', (_, text, target) => {
    expect(brokenLinks(pageOf(text))).toEqual([target]);
  });

  test.each([
    '[x](../architecture.md#layout)',
    '# A `b`: c, d!\n\n[x](#a-b-c-d)',
    '## Same\n\n## Same\n\n[x](#same-1)',
    '[x](https://example.org/nowhere.md)',
    '```\n[x](nowhere.md)\n```',
    '`[x](nowhere.md)`',
  ])('brokenLinks accepts %j', (text) => {
    expect(brokenLinks(pageOf(text))).toEqual([]);
  });
});

describe('paths', () => {
  test.each(cases)('in %s exist', (_, page) => {
    expect(missingPaths(page)).toEqual([]);
  });

  test.each([
    ['In lib/nowhere/none.ts.', ['lib/nowhere/none.ts']],
    ['`npm test -- test/nowhere`', ['test/nowhere']],
    ['```\nnpx tsx examples/nowhere.ts\n```', ['examples/nowhere.ts']],
    ['lib/bytes/{codec,nowhere}.ts', ['lib/bytes/nowhere.ts']],
  ])('missingPaths finds the one in %j', (text, paths) => {
    expect(missingPaths(pageOf(text))).toEqual(paths);
  });

  test.each([
    'lib/bytes/codec.ts, lib/bytes/',
    'lib/bytes/{codec,ids}',
    'lib/nowhere/*.ts',
    'https://x.org/lib/nowhere',
  ])('missingPaths accepts %j', (text) => {
    expect(missingPaths(pageOf(text))).toEqual([]);
  });
});

describe('pages that comments of the code name', () => {
  const named = (folder: string) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => readFileSync(join(ROOT, folder, path), 'utf8').match(/\bdocs\/[\w/.-]+\.md\b/g) ?? []);

  test.each(['lib', 'functions', 'scripts', 'demo', 'examples'])('in %s exist', (folder) => {
    expect(named(folder).filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
  });

  test('there are such pages', () => {
    expect(named('lib').length).toBeGreaterThan(30);
  });
});

describe('length', () => {
  const BYTES = 12 * 1024;
  const CHARACTERS = 400;
  /** The pages that may be long: the first is generated, the others are histories. */
  const LONG = ['docs/spec/errors.md', 'docs/performance-log.md', 'CHANGELOG.md'];

  test.each(cases.filter(([path]) => !LONG.includes(path)))('of %s is under 12 KB', (_, { text }) => {
    expect(Buffer.byteLength(text)).toBeLessThan(BYTES);
  });

  test.each(cases)('of the bullets of %s is at most 400 characters', (_, page) => {
    expect(longBullets(page, CHARACTERS)).toEqual([]);
  });

  test.each([
    [`- ${'x'.repeat(399)}`],
    [`1. ${'x '.repeat(150)}\n   ${'y '.repeat(100)}`],
    [`Text\n\n- short\n  - ${'x'.repeat(400)}\n- short`],
  ])('longBullets finds a long bullet', (text) => {
    expect(longBullets(pageOf(text), CHARACTERS)).toHaveLength(1);
  });

  test.each([
    [`- ${'x'.repeat(300)}\n- ${'y'.repeat(300)}`],
    [`- ${'x'.repeat(300)}\n\n${'y'.repeat(300)}`],
    [`\`\`\`\n- ${'x'.repeat(500)}\n\`\`\``],
    [`| ${'x'.repeat(500)} |`],
  ])('longBullets accepts short bullets', (text) => {
    expect(longBullets(pageOf(text), CHARACTERS)).toEqual([]);
  });
});

describe('the glossary', () => {
  test.each(cases.filter(([path]) => path.startsWith('docs/spec/')))(
    'is linked before the first section of %s',
    (_, page) => {
      expect(headLinks(page, 'docs/glossary.md')).toBe(true);
    },
  );
});
