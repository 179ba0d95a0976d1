// Reads and writes the two parts of docs/aws-calls-per-route.md. One test for each part compares the part with the counted calls. With UPDATE_DOCS=1 the test
// writes the part first.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'aws-calls-per-route.md');
const SECOND_PART = '\n## ';

const read = async (): Promise<readonly [string, string]> => {
  const page = await readFile(PAGE, 'utf8');
  const cut = page.indexOf(SECOND_PART);
  return cut < 0 ? [page, ''] : [page.slice(0, cut), page.slice(cut)];
};

/** Returns a part of the page. With UPDATE_DOCS=1 it first replaces the part by `counted`. */
export const partOfPage = async (part: 0 | 1, counted: string): Promise<string> => {
  if (process.env['UPDATE_DOCS'] === '1') {
    const [first, second] = await read();
    await writeFile(PAGE, part === 0 ? counted + second : first + counted);
  }
  return (await read())[part];
};
