// Pagination of in-memory lists. A cursor is the last sort key as base64url; the next page starts after it.
import { AppError } from '../../../lib/api/errors.ts';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../../lib/bytes/codec.ts';
import type { Page, PageRequest } from '../../../lib/ports/index.ts';

const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 100;

/** An item of a list with its sort key. */
export type Placed<T> = readonly [sortKey: string, item: T];

/** Decodes a cursor to a sort key. @param shape pattern of the list's sort keys */
const readCursor = (cursor: string, shape: RegExp): string => {
  let sortKey = '';
  try {
    sortKey = fromUtf8(fromBase64url(cursor));
  } catch {
    // The check below refuses this cursor.
  }
  if (!shape.test(sortKey)) throw new AppError('malformed-request', { member: 'cursor' });
  return sortKey;
};

const compare = ([a]: Placed<unknown>, [b]: Placed<unknown>): number => (a < b ? -1 : Number(a > b));

export const limitOf = ({ limit = DEFAULT_LIMIT }: PageRequest): number => Math.min(limit, LARGEST_LIMIT);

/** Makes a page from the items that come after the cursor, in their order. */
const take = <T>(rest: readonly Placed<T>[], request: PageRequest): Page<T> => {
  const shown = rest.slice(0, limitOf(request));
  const last = shown.at(-1);
  const items = shown.map(([, item]) => item);
  return last === undefined || shown.length === rest.length ? { items } : { items, next: toBase64url(utf8(last[0])) };
};

/** Returns one page, ordered by sort key. @throws {AppError} `malformed-request` */
export const pageOf = <T>(all: readonly Placed<T>[], shape: RegExp, request: PageRequest): Page<T> => {
  const after = request.cursor === undefined ? '' : readCursor(request.cursor, shape);
  return take(
    [...all].sort(compare).filter(([sortKey]) => sortKey > after),
    request,
  );
};

/** Returns one page over several lists, one list after the other. The cursor begins with the name of its list. @throws {AppError} `malformed-request` */
export const pageOfLists = <T>(
  lists: readonly (readonly [name: string, list: readonly Placed<T>[]])[],
  shape: RegExp,
  request: PageRequest,
): Page<T> => {
  const cursor = request.cursor === undefined ? undefined : readCursor(request.cursor, shape);
  const start = cursor === undefined ? 0 : lists.findIndex(([name]) => cursor.startsWith(`${name}#`));
  if (start < 0) throw new AppError('malformed-request', { member: 'cursor' });
  const rest = lists
    .slice(start)
    .flatMap(([name, list]) => [...list].sort(compare).map(([k, item]): Placed<T> => [`${name}#${k}`, item]));
  const named = lists[start]?.[0] ?? '';
  return take(
    rest.filter(([k]) => cursor === undefined || !k.startsWith(`${named}#`) || k > cursor),
    request,
  );
};

export const mapPage = <T, U>({ items, ...rest }: Page<T>, map: (item: T) => U): Page<U> => ({
  ...rest,
  items: items.map(map),
});
