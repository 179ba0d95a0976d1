// Statements about folders, records and their deletion. docs/spec/statements/folders-and-records.md specifies them.
import * as z from 'zod/mini';
import type { FolderId, GrantId, RecordId } from '../../bytes/ids.ts';
import {
  between,
  bytesOf,
  category,
  identity,
  instant,
  integer,
  kemKey,
  ordinal,
  point,
  randomId,
  sha256,
} from '../fields.ts';

/**
 * One epoch of a folder, with both public keys of its cell. `single`: the folder contains this record version and nothing else, so that the patient can give
 * access to this version alone; `label` is the label hash of its wrap.
 */
export const folderPayload = z.strictObject({
  patient: identity,
  folder: randomId<FolderId>(),
  epoch: ordinal,
  salt: bytesOf(16),
  key: point,
  companion: kemKey,
  category,
  name: between(1, 2160),
  single: z.optional(z.strictObject({ record: randomId<RecordId>(), version: ordinal, label: sha256 })),
  previous: z.optional(sha256),
  issued: instant,
});

/**
 * One version of a record. `chunk` is log2 of the chunk size in bytes, `length` is the length of the blob in bytes. `wrap` is the hash of
 * the whole first wrap. `label` is the label hash of this wrap.
 */
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
  label: sha256,
});

export const deletionPayload = z.strictObject({
  patient: identity,
  record: randomId<RecordId>(),
  of: sha256,
  code: z.enum(['mistake', 'no-longer-wanted', 'other']),
  when: instant,
});
