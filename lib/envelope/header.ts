// Encodes the header of a blob: facts of the record version. All keys of the blob are bound to the header. The header is built from the record statement and
// is not stored. This file also computes lengths and digests. It contains no secret, so the service may import it. docs/spec/blob.md specifies the header.
import { concat, ofLength, u32, u64, u8 } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { idBytes, identityKey, type FolderId, type IdentityId, type RecordId } from '../bytes/ids.ts';
import { EnvelopeError } from './errors.ts';

export interface HeaderFields {
  readonly record: RecordId;
  readonly version: number;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly author: IdentityId;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** 1: HKDF-SHA-256 and AES-256-GCM. */
  readonly algorithm: number;
  /** log2 of the chunk size in bytes, 16 to 20. */
  readonly chunk: number;
  /** Bit 0: the body is padded with zero bytes. */
  readonly flags: number;
}

export const HEADER_BYTES = 136;
export const TAG_BYTES = 16;
/** Size of a part in S3, bytes. The digest of a blob is computed over these parts, so the size belongs to the format. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Maximum number of parts of a blob: the limit of S3. */
export const MOST_PARTS = 10_000;
/** log2 of the chunk size: 512 KiB. In Node it is as fast as 1 MiB, and in browsers a third faster (docs/performance-log.md). */
export const DEFAULT_CHUNK = 19;
export const PADDED = 1;
const MAGIC = 'PCE1';
const KIND_RECORD = 1;
/** Bodies shorter than this are padded, bytes. */
export const PADDING_LIMIT = 65_536;
const LEAST_PADDED = 512;

/** @throws {EnvelopeError} `header-invalid` unless `chunk` is log2 of a valid chunk size */
const assertChunk = (chunk: number): void => {
  if (!(Number.isInteger(chunk) && chunk >= 16 && chunk <= 20))
    throw new EnvelopeError('header-invalid', 'the chunk size is out of range: log2 of it is 16 to 20');
};

/**
 * Encodes a header, 136 bytes.
 * @throws {EnvelopeError} `header-invalid`
 * @throws {BytesError} for malformed ids or salt
 */
export const encodeHeader = (h: HeaderFields): Uint8Array => {
  assertChunk(h.chunk);
  if (h.algorithm !== 1 || (h.flags & ~PADDED) !== 0 || !(Number.isSafeInteger(h.version) && h.version >= 1))
    throw new EnvelopeError('header-invalid', 'algorithm, flags or version is out of range');
  return concat(
    utf8(MAGIC),
    u8(KIND_RECORD),
    u8(h.algorithm),
    u8(h.chunk),
    u8(h.flags),
    idBytes(h.record),
    u64(h.version),
    identityKey(h.patient),
    idBytes(h.folder),
    identityKey(h.author),
    u64(h.created),
    ofLength(h.salt, 16, 'salt'),
  );
};

/** Length of the blob for a body of this length, bytes: one tag for each chunk, and at least one chunk. @throws {EnvelopeError} `header-invalid` */
export const blobLength = (plain: number, chunk: number): number => {
  assertChunk(chunk);
  return plain + TAG_BYTES * Math.max(1, Math.ceil(plain / 2 ** chunk));
};

/** Length of a padded body: the next power of two, at least 512 bytes. */
export const paddedLength = (plain: number): number => {
  let padded = LEAST_PADDED;
  while (padded < plain) padded *= 2;
  return padded;
};

/** Number of parts of a blob. All parts but the last have the full size. */
export const partCount = (length: number): number => Math.max(1, Math.ceil(length / PART_BYTES));

/** SHA-256 over the SHA-256 digests of the parts, 32 bytes. S3 computes the same as composite checksum of a multipart upload. */
export const compositeDigest = async (partDigests: readonly Uint8Array[]): Promise<Uint8Array> =>
  sha256(concat(...partDigests));

export const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));

/** Nonce of a chunk: 7 zero bytes, the chunk's index, 1 for the last chunk. So nobody can reorder chunks, or cut the blob off after a chunk. */
export const chunkNonce = (index: number, last: boolean): Uint8Array =>
  concat(new Uint8Array(7), u32(index), u8(last ? 1 : 0));
