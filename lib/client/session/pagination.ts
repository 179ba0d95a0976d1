// Reads lists of the service page by page.
import { ClientError } from './errors.ts';

/**
 * Maximum number of pages: a million items in pages of 50. Without this limit a faulty service could keep the client reading for ever, while the client stores
 * every cursor.
 */
const MOST_PAGES = 20_000;

/**
 * Yields all pages of a list.
 * @param fetchPage gets the cursor of the page; no cursor for the first page
 * @throws {ClientError} `bad-answer` for a list without end
 */
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

/** Reads all pages into one list. */
export const all = async <P extends { readonly next?: string | undefined }, T>(
  fetchPage: (cursor: { readonly cursor?: string }) => Promise<P>,
  items: (page: P) => readonly T[],
): Promise<T[]> => {
  const list: T[] = [];
  for await (const page of pages(fetchPage)) list.push(...items(page));
  return list;
};
