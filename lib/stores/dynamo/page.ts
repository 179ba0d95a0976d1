// Pagination: reads a list page by page. A cursor is the last sort key as base64url, and nothing else. The use case chooses the partition, and a cursor only
// moves the start within the list. So a forged cursor shows nothing that the list does not show.
import { AppError } from '../../api/errors.ts';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../bytes/codec.ts';
import type { Page, PageRequest } from '../../ports/index.ts';
import { after, partOf, query, type Query, type StoreContext } from './database.ts';
import { text, type Item } from './item.ts';
import type { Span } from './table.ts';

export const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 100;

export const encodeCursor = (sortKey: string): string => toBase64url(utf8(sortKey));

/** Decodes a cursor to a sort key. @param shape the form of the list's sort keys. @throws {AppError} `malformed-request` if the sort key has another form */
export const decodeCursor = (cursor: string, shape: RegExp): string => {
  let sortKey = '';
  try {
    sortKey = fromUtf8(fromBase64url(cursor));
  } catch {
    // The check below refuses this cursor, like every cursor that this service did not make.
  }
  if (!shape.test(sortKey)) throw new AppError('malformed-request', { member: 'cursor' });
  return sortKey;
};

export const limitOf = ({ limit = DEFAULT_LIMIT }: PageRequest): number => Math.min(limit, LARGEST_LIMIT);

const later = (a: string, b: string): string => (a > b ? a : b);

/** Reads one page of a query. @throws {AppError} `malformed-request`, `busy` */
export const page = async (
  context: StoreContext,
  asked: Query,
  shape: RegExp,
  request: PageRequest,
): Promise<Page<Item>> => {
  const { span } = asked;
  const from = request.cursor === undefined ? span.from : later(span.from, after(decodeCursor(request.cursor, shape)));
  const { items, more } = await query(context, { ...asked, span: { ...span, from }, limit: limitOf(request) });
  const last = items.at(-1);
  if (!more || last === undefined) return { items };
  return { items, next: encodeCursor(text(last, partOf('sk', asked.index))) };
};

/** Reads one page across several spans, which the caller gives in the order of their keys. It reads all spans at once, even if the first one fills the page. */
export const pageOfAll = async (
  context: StoreContext,
  { spans, ...asked }: Omit<Query, 'span'> & { readonly spans: readonly Span[] },
  shape: RegExp,
  request: PageRequest,
): Promise<Page<Item>> => {
  const pages = await Promise.all(spans.map((span) => page(context, { ...asked, span }, shape, request)));
  // A query may end early, at a megabyte. The spans after it are then read by a later call.
  const early = pages.findIndex((p) => p.next !== undefined);
  const found = (early < 0 ? pages : pages.slice(0, early + 1)).flatMap((p) => p.items);
  const items = found.slice(0, limitOf(request));
  const last = items.at(-1);
  const isAll = found.length === items.length && pages.every((p) => p.next === undefined);
  if (isAll || last === undefined) return { items };
  return { items, next: encodeCursor(text(last, partOf('sk', asked.index))) };
};

export const mapPage = <T, U>({ items, next }: Page<T>, map: (item: T) => U): Page<U> => ({
  items: items.map(map),
  ...(next === undefined ? {} : { next }),
});
