// docs/access-patterns.md, in two parts that two tests count and hold to what they counted. UPDATE_DOCS=1 writes a part anew.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'access-patterns.md');
const SECOND = '\n## ';

const read = async (): Promise<readonly [string, string]> => {
  const page = await readFile(PAGE, 'utf8');
  const cut = page.indexOf(SECOND);
  return cut < 0 ? [page, ''] : [page.slice(0, cut), page.slice(cut)];
};

/** What the page says in a part, once it was written if that is asked for. */
export const partOfPage = async (part: 0 | 1, counted: string): Promise<string> => {
  if (process.env['UPDATE_DOCS'] === '1') {
    const [first, second] = await read();
    await writeFile(PAGE, part === 0 ? counted + second : first + counted);
  }
  return (await read())[part];
};
