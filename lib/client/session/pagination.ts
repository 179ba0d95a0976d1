// Lists come a page at a time.
import { ClientError } from './errors.ts';

/** More pages than any list of ours has: a service that never ends a list is not followed for ever. */
const MOST_PAGES = 100_000;

/** @param fetchPage gets the cursor of the page, undefined for the first */
export async function* pages<P extends { readonly next?: string | undefined }>(
  fetchPage: (cursor: { readonly cursor?: string }) => Promise<P>,
): AsyncGenerator<P, void, undefined> {
  const seen = new Set<string>();
  let cursor: { readonly cursor?: string } = {};
  for (let n = 0; n < MOST_PAGES; n++) {
    const page = await fetchPage(cursor);
    yield page;
    if (page.next === undefined) return;
    if (seen.has(page.next)) break;
    seen.add(page.next);
    cursor = { cursor: page.next };
  }
  throw new ClientError('bad-answer', 'a list does not end');
}

/** All pages as one list. */
export const all = async <P extends { readonly next?: string | undefined }, T>(
  fetchPage: (cursor: { readonly cursor?: string }) => Promise<P>,
  items: (page: P) => readonly T[],
): Promise<T[]> => {
  const list: T[] = [];
  for await (const page of pages(fetchPage)) list.push(...items(page));
  return list;
};
