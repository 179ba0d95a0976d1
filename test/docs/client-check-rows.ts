// Reads the rows of docs/client-checks.md and docs/client-checks-of-records.md, and finds the tests that they name.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './page-faults.ts';

/** One thing that a client does, with its test. */
export interface CheckRow {
  readonly id: string;
  /** The test file, from the project's root. */
  readonly file: string;
  /** The beginning of the test's title, or the title of its `describe`, ` > ` and the beginning of its title. */
  readonly title: string;
}

const ROW = /^\| ([A-Z]\d+) \| .+ \| `([\w-]+): (.+)` \|$/gm;

/** The text of both pages. */
export const checkPages = (): string =>
  ['client-checks.md', 'client-checks-of-records.md']
    .map((page) => readFileSync(join(ROOT, 'docs', page), 'utf8'))
    .join('\n');

/** @param text the text of the pages */
export const rowsOf = (text: string): readonly CheckRow[] =>
  [...text.matchAll(ROW)].map(([, id = '', name = '', title = '']) => ({
    id,
    file: `test/client/${name}.test.ts`,
    title,
  }));

export const checkRows = (): readonly CheckRow[] => rowsOf(checkPages());

/** Lists the tests of a source as `DESCRIBE > TITLE`, with the last `describe` above each. A title is a text that is passed together with a function. */
export const titlesOf = (source: string): readonly string[] => {
  let within = '';
  const titles: string[] = [];
  for (const [, before, , title = ''] of source.matchAll(/(\w*)\(\s*(['"])((?:(?!\2).)+)\2,\s*(?:async )?\(/g)) {
    if (before === 'describe') within = title;
    else titles.push(`${within} > ${title}`);
  }
  return titles;
};

/** Finds the tests that a row means: those with exactly this title, otherwise those whose title begins with it. */
export const testsOf = (titles: readonly string[], wanted: string): readonly string[] => {
  const named = (title: string): string => (wanted.includes(' > ') ? title : title.slice(title.indexOf(' > ') + 3));
  const exact = titles.filter((t) => named(t) === wanted);
  return exact.length > 0 ? exact : titles.filter((t) => named(t).startsWith(wanted));
};

/** Makes the pattern with which jest finds the tests that a row names. `%s`, and each other place for a value of a table, matches any text. */
export const patternOf = (wanted: string): string =>
  wanted
    .replace(' > ', ' ')
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/%[spidj]/g, '.*');
