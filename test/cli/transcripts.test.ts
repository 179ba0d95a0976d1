// Replays transcripts of the command line: the examples of docs/cli*.md, and the files of test/cli/transcripts. Each line must print what the transcript shows.
// WRITE_PAGES=1 writes what the lines print to the files.
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../docs/page-faults.ts';
import { makeShell } from './shell.ts';

const DOCS = join(ROOT, 'docs');
const MORE = join(import.meta.dirname, 'transcripts');
const FILES = [
  ...readdirSync(DOCS)
    .filter((name) => /^cli(-\w+)?\.md$/.test(name))
    .map((name) => join(DOCS, name)),
  ...readdirSync(MORE).map((name) => join(MORE, name)),
].map((path) => [relative(ROOT, path), path] as const);

/** The blocks of a page. The whole text of another file is one block. */
const blocksOf = (path: string, text: string): readonly string[] =>
  path.endsWith('.md') ? [...text.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block) : [text];

test.each(FILES)('each line of %s prints what is below it', async (_, path) => {
  const before = await readFile(path, 'utf8');
  const blocks = blocksOf(path, before);
  const shell = await makeShell();
  try {
    let now = before;
    for (const block of blocks) {
      const printed = await shell.replay(block);
      now = now.replace(block, () => printed);
    }
    if (process.env['WRITE_PAGES'] === undefined) expect(now).toBe(before);
    else await writeFile(path, now);
    expect(blocks.join('')).toContain('$ pcehr ');
  } finally {
    await shell.end();
  }
});

test('there are three pages and several transcripts', () => {
  expect(FILES.length).toBeGreaterThan(4);
});
