// Grant routes: defines paths, inputs, answers and error codes of grants.
import * as z from 'zod/mini';
import { bytesOf, count, listOf, MOST_CELLS, sha256 } from '../statements/fields.ts';
import { none, STORED, type Route } from './route.ts';
import { actBody, entryMembers, ids, jws, nextPage, page, role, statementBody } from './shapes.ts';

export const extensionBody = z.strictObject({ statement: jws, kfrags: listOf(bytesOf(310), 1, MOST_CELLS) });

/** A grant. `kfrags` is empty for a grant to add or to write. */
export const grantBody = z.strictObject({
  statement: jws,
  kfrags: z.array(bytesOf(310)).check(z.maxLength(MOST_CELLS)),
});

/** One grant or extension, with the entry that names it. */
export const grantAccessBody = z.strictObject({ ...grantBody.shape, ...entryMembers });
export const extendGrantBody = z.strictObject({ ...extensionBody.shape, ...entryMembers });

export const grantFilter = z.enum(['active', 'paused', 'expired', 'revoked', 'unsettled', 'standing']);

export const grantState = z.enum(['active', 'not-begun', 'paused', 'revoked', 'expired', 'exhausted']);

export const grantView = z.strictObject({
  statement: jws,
  state: grantState,
  /** Number of records opened so far. */
  used: count,
  /** The number of the last extension; `tip` is its hash. Before the first extension, they are 0 and the hash of the grant. */
  extensions: count,
  tip: sha256,
  /** The number of the last pause or resumption; 0 before the first. */
  holds: count,
});

/**
 * A grant with its cells. For a grant to read, `cells` contains all its cells in the order of folder and epoch, each with its folder statement. This includes
 * the cells of extensions; the first cell of an extension also has the extension. For a grant to add or to write, `cells` contains one cell: the current cell
 * of the folder, or, if the grant has ended, the cell that the grant names.
 */
export const grantDetail = z.strictObject({
  ...grantView.shape,
  cells: z.array(z.strictObject({ folder: jws, extension: z.optional(jws) })),
  ...nextPage,
});

export const grantPage = z.strictObject({ grants: z.array(grantView), ...nextPage });

const { grantId } = ids;

export const GRANT_ROUTES = {
  'grant-access': {
    method: 'PUT',
    path: '/v1/grants/{grantId}',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: grantAccessBody,
    answer: [201, grantView],
    errors: [
      'not-found',
      'statement-invalid',
      'request-closed',
      'grant-exceeds-request',
      'kfrag-invalid',
      'chain-moved',
      ...STORED,
    ],
    summary: 'Grant access that nobody asked for, or more cells of an approved request',
  },
  'get-grant': {
    method: 'GET',
    path: '/v1/grants/{grantId}',
    access: 'read',
    params: z.strictObject({ grantId }),
    query: z.strictObject(page),
    body: undefined,
    answer: [200, grantDetail],
    errors: ['not-found'],
    summary: 'A grant, its state, and the folder statements of its cells',
  },
  'list-grants': {
    method: 'GET',
    path: '/v1/grants',
    access: 'read',
    params: none,
    query: z.strictObject({ ...page, as: role, state: z.optional(grantFilter) }),
    body: undefined,
    answer: [200, grantPage],
    errors: [],
    summary: 'Grants given, or received, by the caller',
  },
  'extend-grant': {
    method: 'POST',
    path: '/v1/grants/{grantId}/extensions',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: extendGrantBody,
    answer: [201, grantView],
    errors: [
      'not-found',
      'statement-invalid',
      'statement-outdated',
      'grant-ended',
      'grant-exceeds-request',
      'kfrag-invalid',
      'chain-moved',
      ...STORED,
    ],
    summary: 'Add cells to a grant to read',
  },
  'pause-grant': {
    method: 'POST',
    path: '/v1/grants/{grantId}/pause',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: actBody,
    answer: [200, grantView],
    errors: ['not-found', 'statement-invalid', 'statement-outdated', 'grant-ended', 'chain-moved', ...STORED],
    summary: 'Pause a grant at once, until it is resumed',
  },
  'resume-grant': {
    method: 'POST',
    path: '/v1/grants/{grantId}/resumption',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: actBody,
    answer: [200, grantView],
    errors: ['not-found', 'statement-invalid', 'statement-outdated', 'grant-ended', 'chain-moved', ...STORED],
    summary: 'Resume a paused grant',
  },
  'settle-grant': {
    method: 'POST',
    path: '/v1/grants/{grantId}/settlement',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: none,
    answer: [200, grantView],
    errors: ['not-found', 'cells-open', ...STORED],
    summary: 'Settle an ended grant: take it off the list of grants whose cells are still open',
  },
  'revoke-grant': {
    method: 'POST',
    path: '/v1/grants/{grantId}/revocation',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: actBody,
    answer: [200, grantView],
    errors: ['not-found', 'statement-invalid', 'grant-ended', 'chain-moved', ...STORED],
    summary: 'Revoke a grant at once',
  },
  'return-grant': {
    method: 'POST',
    path: '/v1/grants/{grantId}/return',
    access: 'mutation',
    params: z.strictObject({ grantId }),
    query: none,
    body: statementBody,
    answer: [200, grantView],
    errors: ['not-found', 'statement-invalid', ...STORED],
    summary: 'Return a grant: its recipient ends it at once',
  },
} as const satisfies Record<string, Route>;
