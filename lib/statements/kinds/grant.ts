// Statements that give access: the grant and its extensions. docs/spec/statements/grants-and-extensions.md specifies them.
import * as z from 'zod/mini';
import type { FolderId, GrantId, RequestId } from '../../bytes/ids.ts';
import {
  between,
  bytesOf,
  companionsLength,
  identity,
  instant,
  integer,
  kemKey,
  listOf,
  MOST_CELLS,
  ordinal,
  point,
  purpose,
  randomId,
  receivingKey,
  right,
  sha256,
} from '../fields.ts';
import { SERVICE_PROXY, SHARES, THRESHOLD } from '../proxy-threshold.ts';
import { categories, everything } from './request.ts';

/** The scope of a standing grant. Extensions add the folders of these categories that the patient creates while the grant lasts. */
export const standing = z.union([z.strictObject({ categories }), z.strictObject({ everything })]);
export type Standing = z.infer<typeof standing>;

/** One cell of a grant: its key, the folder statement that names the key, and the key fragment for each proxy. Only a grant to read has key fragments. */
export const grantCell = z.strictObject({
  folder: randomId<FolderId>(),
  epoch: ordinal,
  key: point,
  statement: sha256,
  kfrags: z
    .array(z.strictObject({ proxy: z.literal(SERVICE_PROXY), id: bytesOf(32), hash: sha256 }))
    .check(z.maxLength(SHARES)),
});
export type GrantCell = z.infer<typeof grantCell>;

/** The seeds of the companion keys of the cells, in their order, in one sealed box to the recipient's inbox key: 1136 bytes and 32 for each cell. */
const companions = between(companionsLength(1), companionsLength(MOST_CELLS));

/**
 * A grant: one right over cells, for a limited time. `openings` is the number of records that may be opened. A grant to add or write names one cell, the
 * current one of its folder, and is also valid for the later epochs of that folder. Only a grant to read has `companions`, and in `inbox` the key that they
 * are sealed to, so that extensions need no other source for it.
 */
export const grantPayload = z.strictObject({
  grant: randomId<GrantId>(),
  patient: identity,
  recipient: identity,
  receiving: receivingKey,
  request: z.optional(z.strictObject({ id: randomId<RequestId>(), hash: sha256 })),
  right,
  cells: listOf(grantCell, 1, MOST_CELLS),
  inbox: z.optional(kemKey),
  companions: z.optional(companions),
  notBefore: instant,
  expires: instant,
  openings: z.optional(integer(1, 1_000_000_000)),
  standing: z.optional(standing),
  purpose,
  threshold: z.literal(THRESHOLD),
  proxies: z.array(z.strictObject({ id: z.literal(SERVICE_PROXY) })).check(z.length(SHARES)),
  issued: instant,
});

/** An extension adds cells to a grant to read: cells of a folder's next epoch, or of a folder that a standing grant covers. It changes nothing else. */
export const extensionPayload = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  number: ordinal,
  /** Hash of the previous extension; in the first extension, hash of the grant. */
  previous: sha256,
  cells: listOf(grantCell, 1, MOST_CELLS),
  companions,
  issued: instant,
});
