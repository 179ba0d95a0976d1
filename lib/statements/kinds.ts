// Every kind of signed statement and its payload. Unknown members are refused. docs/spec/statements.md is the page to this file.
import * as z from 'zod';
import type { FolderId, GrantId, OpeningId, RecordId, RequestId } from '../bytes/ids.ts';
import {
  between,
  bytesOf,
  category,
  identity,
  instant,
  ordinal,
  point,
  publicName,
  purpose,
  randomId,
  right,
  sha256,
} from './fields.ts';

const receivingKey = z.strictObject({ number: ordinal, key: point });

/** Who an identity is: its keys, and the next generation's key as a hash that never changes. */
export const identityPayload = z.strictObject({
  id: identity,
  number: ordinal,
  previous: sha256.optional(),
  receiving: z.strictObject({ number: ordinal, key: point, proof: bytesOf(64) }),
  inbox: point,
  kfragSigner: point,
  name: publicName.optional(),
  next: sha256,
  issued: instant,
});

/** One epoch of a folder: the cell's public key. */
export const folderPayload = z.strictObject({
  patient: identity,
  folder: randomId<FolderId>(),
  epoch: ordinal,
  salt: bytesOf(16),
  key: point,
  category,
  name: between(1, 1024),
  previous: sha256.optional(),
  issued: instant,
});

/** One version of a record. `chunk` is log2 of the chunk size in bytes, `length` the blob's length in bytes. */
export const recordPayload = z.strictObject({
  record: randomId<RecordId>(),
  version: ordinal,
  previous: sha256.optional(),
  patient: identity,
  folder: randomId<FolderId>(),
  epoch: ordinal,
  author: identity,
  grant: z.strictObject({ id: randomId<GrantId>(), hash: sha256 }).optional(),
  created: instant,
  algorithm: z.literal(1),
  chunk: z.int().min(16).max(20),
  flags: z.int().min(0).max(1),
  salt: bytesOf(16),
  commit: bytesOf(32),
  digest: sha256,
  length: z
    .int()
    .min(16)
    .max(10_000 * 8_388_608),
  metadata: sha256,
  wrap: sha256,
});

/** A recipient's wish. `duration` is in seconds, `until` is when the request lapses if nobody answers. */
export const requestPayload = z.strictObject({
  request: randomId<RequestId>(),
  patient: identity,
  recipient: identity,
  receiving: receivingKey,
  scope: z.strictObject({ folders: z.array(randomId<FolderId>()).min(1).max(80) }),
  rights: z.array(right).min(1).max(1),
  purpose,
  duration: z.int().min(1).max(3_155_760_000),
  until: instant,
  message: between(1, 4096).optional(),
  created: instant,
});

/** What a grant says of one cell: its key, the folder statement that vouches for it, and the key fragment per proxy. */
export const grantCell = z.strictObject({
  folder: randomId<FolderId>(),
  epoch: ordinal,
  key: point,
  statement: sha256,
  kfrags: z.array(z.strictObject({ proxy: z.literal('service'), id: bytesOf(32), hash: sha256 })).length(1),
});

/** The patient's answer, or gift: one right over cells, for a time. `openings` counts records. */
export const grantPayload = z.strictObject({
  grant: randomId<GrantId>(),
  patient: identity,
  recipient: identity,
  receiving: receivingKey,
  request: z.strictObject({ id: randomId<RequestId>(), hash: sha256 }).optional(),
  right,
  cells: z.array(grantCell).min(1).max(80),
  notBefore: instant,
  expires: instant,
  openings: z.int().min(1).max(1_000_000_000).optional(),
  purpose,
  threshold: z.literal(1),
  proxies: z.array(z.strictObject({ id: z.literal('service') })).length(1),
  issued: instant,
});

/** A receipt in advance: the opener says what it opens. It is the body of a recapsulation and its evidence in the trail. */
export const openingPayload = z.strictObject({
  opening: randomId<OpeningId>(),
  patient: identity,
  opener: identity,
  grant: randomId<GrantId>().optional(),
  folder: randomId<FolderId>(),
  epoch: ordinal,
  records: z
    .array(z.strictObject({ record: randomId<RecordId>(), version: ordinal }))
    .min(1)
    .max(100),
  when: instant,
});

export const denialPayload = z.strictObject({
  patient: identity,
  request: randomId<RequestId>(),
  of: sha256,
  code: z.enum(['declined', 'unknown-recipient', 'not-needed', 'other']),
  when: instant,
});

export const revocationPayload = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  code: z.enum(['no-longer-needed', 'mistake', 'distrust', 'other']),
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
  opening: { payload: openingPayload, signer: 'opener' },
  denial: { payload: denialPayload, signer: 'patient' },
  revocation: { payload: revocationPayload, signer: 'patient' },
  deletion: { payload: deletionPayload, signer: 'patient' },
} as const;

export type Kind = keyof typeof KINDS;
export type Payload<K extends Kind> = z.infer<(typeof KINDS)[K]['payload']>;
export type GrantCell = z.infer<typeof grantCell>;

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
