// Every kind of signed statement and its payload. Unknown members are refused. docs/spec/statements.md is the page to this file.
import * as z from 'zod/mini';
import type { FolderId, GrantId, OpeningId, RecordId, RequestId } from '../bytes/ids.ts';
import {
  between,
  bytesOf,
  CATEGORIES,
  category,
  identity,
  instant,
  integer,
  listOf,
  ordinal,
  point,
  publicName,
  purpose,
  randomId,
  right,
  RIGHTS,
  sha256,
} from './fields.ts';

const receivingKey = z.strictObject({ number: ordinal, key: point });

/** Who an identity is: its keys, and the next generation's key as a hash that never changes. */
export const identityPayload = z.strictObject({
  id: identity,
  number: ordinal,
  previous: z.optional(sha256),
  receiving: z.strictObject({ number: ordinal, key: point, proof: bytesOf(64) }),
  inbox: point,
  kfragSigner: point,
  name: z.optional(publicName),
  next: sha256,
  issued: instant,
});

/** One epoch of a folder: the cell's public key. `single`: the folder holds this record version and nothing else, so that it alone can be shared. */
export const folderPayload = z.strictObject({
  patient: identity,
  folder: randomId<FolderId>(),
  epoch: ordinal,
  salt: bytesOf(16),
  key: point,
  category,
  name: between(1, 1024),
  single: z.optional(z.strictObject({ record: randomId<RecordId>(), version: ordinal })),
  previous: z.optional(sha256),
  issued: instant,
});

/** One version of a record. `chunk` is log2 of the chunk size in bytes, `length` the blob's length in bytes. */
export const recordPayload = z.strictObject({
  record: randomId<RecordId>(),
  version: ordinal,
  previous: z.optional(sha256),
  patient: identity,
  folder: randomId<FolderId>(),
  epoch: ordinal,
  author: identity,
  grant: z.optional(z.strictObject({ id: randomId<GrantId>(), hash: sha256 })),
  created: instant,
  algorithm: z.literal(1),
  chunk: integer(16, 20),
  flags: integer(0, 1),
  salt: bytesOf(16),
  commit: bytesOf(32),
  digest: sha256,
  length: integer(16, 10_000 * 8_388_608),
  metadata: sha256,
  wrap: sha256,
});

const folders = listOf(randomId<FolderId>(), 1, 80);
const categories = listOf(category, 1, CATEGORIES.length);
const everything = z.literal(true);

/** What a recipient wishes to reach. The patient's client makes cells of it. */
export const scope = z.union([
  z.strictObject({ folders }),
  z.strictObject({ categories }),
  z.strictObject({ everything }),
  z.strictObject({ record: randomId<RecordId>() }),
]);

/** What a grant takes in besides its cells: folders of these kinds that are made while it lasts, by extensions. */
export const standing = z.union([z.strictObject({ categories }), z.strictObject({ everything })]);

/** A recipient's wish. `duration` is in seconds, `until` is when the request lapses if nobody answers. */
export const requestPayload = z.strictObject({
  request: randomId<RequestId>(),
  patient: identity,
  recipient: identity,
  receiving: receivingKey,
  scope,
  rights: listOf(right, 1, RIGHTS.length),
  purpose,
  duration: integer(1, 3_155_760_000),
  until: instant,
  message: z.optional(between(1, 4096)),
  created: instant,
});

/** What a grant says of one cell: its key, the folder statement that vouches for it, and the key fragment per proxy; none unless it may be read. */
export const grantCell = z.strictObject({
  folder: randomId<FolderId>(),
  epoch: ordinal,
  key: point,
  statement: sha256,
  kfrags: z.array(z.strictObject({ proxy: z.literal('service'), id: bytesOf(32), hash: sha256 })).check(z.maxLength(1)),
});

/**
 * The patient's answer, or gift: one right over cells, for a time. `openings` counts records. A grant to add or write names one cell, the current one
 * of its folder, and goes for the folder in every later epoch as well.
 */
export const grantPayload = z.strictObject({
  grant: randomId<GrantId>(),
  patient: identity,
  recipient: identity,
  receiving: receivingKey,
  request: z.optional(z.strictObject({ id: randomId<RequestId>(), hash: sha256 })),
  right,
  cells: listOf(grantCell, 1, 80),
  notBefore: instant,
  expires: instant,
  openings: z.optional(integer(1, 1_000_000_000)),
  standing: z.optional(standing),
  purpose,
  threshold: z.literal(1),
  proxies: z.array(z.strictObject({ id: z.literal('service') })).check(z.length(1)),
  issued: instant,
});

/** Further cells of a read grant: of a folder's next epoch, or of a folder that a standing grant takes in. Changes nothing else. */
export const extensionPayload = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  number: ordinal,
  /** Hash of the extension before, of the grant for the first. */
  previous: sha256,
  cells: listOf(grantCell, 1, 80),
  issued: instant,
});

/** A receipt in advance: the opener says what it opens. It is the body of a recapsulation and its evidence in the trail. */
export const openingPayload = z.strictObject({
  opening: randomId<OpeningId>(),
  patient: identity,
  opener: identity,
  grant: z.optional(randomId<GrantId>()),
  folder: randomId<FolderId>(),
  epoch: ordinal,
  records: listOf(z.strictObject({ record: randomId<RecordId>(), version: ordinal }), 1, 100),
  when: instant,
});

export const denialPayload = z.strictObject({
  patient: identity,
  request: randomId<RequestId>(),
  of: sha256,
  code: z.enum(['declined', 'unknown-recipient', 'not-needed', 'other']),
  when: instant,
});

export const withdrawalPayload = z.strictObject({
  recipient: identity,
  patient: identity,
  request: randomId<RequestId>(),
  of: sha256,
  code: z.enum(['not-needed', 'mistake', 'other']),
  when: instant,
});

/** Holds a grant, or lets it go on. The numbers of both rise by one, so that none can be played again. */
const hold = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  number: ordinal,
  when: instant,
});
export const pausePayload = hold;
export const resumptionPayload = hold;

export const revocationPayload = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  code: z.enum(['no-longer-needed', 'mistake', 'distrust', 'other']),
  when: instant,
});

/** A recipient ends what it was given: it needs it no more, or the receiving key that it was given for is lost or replaced. */
export const returnPayload = z.strictObject({
  recipient: identity,
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  code: z.enum(['not-needed', 'key-lost', 'key-replaced', 'other']),
  when: instant,
});

export const deletionPayload = z.strictObject({
  patient: identity,
  record: randomId<RecordId>(),
  of: sha256,
  code: z.enum(['mistake', 'no-longer-wanted', 'other']),
  when: instant,
});

/** Kind -> payload schema and the member that names the signer. The JWS `typ` is `pcehr-<kind>+jws`. */
export const KINDS = {
  identity: { payload: identityPayload, signer: 'id' },
  folder: { payload: folderPayload, signer: 'patient' },
  record: { payload: recordPayload, signer: 'author' },
  request: { payload: requestPayload, signer: 'recipient' },
  grant: { payload: grantPayload, signer: 'patient' },
  extension: { payload: extensionPayload, signer: 'patient' },
  opening: { payload: openingPayload, signer: 'opener' },
  denial: { payload: denialPayload, signer: 'patient' },
  withdrawal: { payload: withdrawalPayload, signer: 'recipient' },
  pause: { payload: pausePayload, signer: 'patient' },
  resumption: { payload: resumptionPayload, signer: 'patient' },
  revocation: { payload: revocationPayload, signer: 'patient' },
  return: { payload: returnPayload, signer: 'recipient' },
  deletion: { payload: deletionPayload, signer: 'patient' },
} as const;

export type Kind = keyof typeof KINDS;
export type Payload<K extends Kind> = z.infer<(typeof KINDS)[K]['payload']>;
export type GrantCell = z.infer<typeof grantCell>;
export type Scope = z.infer<typeof scope>;
export type Standing = z.infer<typeof standing>;

/** A compact JWS as it travels and is kept: byte for byte. */
export type Jws = string;
/** base64url SHA-256 of a statement's `header.payload`. */
export type StatementHash = string;

/** A statement whose signature was checked against the signer that the caller expected. Only verifyStatement and signStatement make one. */
export interface Statement<K extends Kind = Kind> {
  readonly kind: K;
  readonly jws: Jws;
  readonly hash: StatementHash;
  readonly payload: Payload<K>;
}
