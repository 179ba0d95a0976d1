// Ids as they stand in URLs, statements and items. Made only by the parse and make functions here.
import { bech32m } from '@scure/base';
import { ofLength, systemRng, type Rng } from './binary.ts';
import { fromBase32, toBase32 } from './codec.ts';
import { BytesError } from './errors.ts';

declare const brand: unique symbol;
export type Brand<T, B extends string> = T & { readonly [brand]: B };

/** bech32m of an Ed25519 public key, prefix `ehr`, 62 characters. Whoever has it can check everything the identity signs. */
export type IdentityId = Brand<string, 'IdentityId'>;
export type FolderId = Brand<string, 'FolderId'>;
export type RecordId = Brand<string, 'RecordId'>;
export type UploadId = Brand<string, 'UploadId'>;
export type RequestId = Brand<string, 'RequestId'>;
export type GrantId = Brand<string, 'GrantId'>;
export type OpeningId = Brand<string, 'OpeningId'>;
/** Every id that is 16 random bytes made by the client, as 26 characters of lower-case base32. */
export type RandomId = FolderId | RecordId | UploadId | RequestId | GrantId | OpeningId;

const PREFIX = 'ehr';
export const ID_BYTES = 16;

/** @param publicKey Ed25519, 32 bytes */
export const identityId = (publicKey: Uint8Array): IdentityId =>
  bech32m.encodeFromBytes(PREFIX, ofLength(publicKey, 32, 'identity key')) as IdentityId;

/**
 * The Ed25519 public key inside an identity id.
 * @throws {BytesError} `bad-encoding` for a wrong checksum, prefix, length or upper case
 */
export const identityKey = (id: string): Uint8Array => {
  try {
    const { prefix, bytes } = bech32m.decodeToBytes(id);
    if (prefix === PREFIX && bytes.length === 32 && identityId(bytes) === id) return bytes;
  } catch {
    // The library's message repeats the input; ours does not.
  }
  throw new BytesError('bad-encoding', 'identity id is not canonical bech32m with the prefix ehr');
};

/** @throws {BytesError} `bad-encoding` */
export const parseIdentityId = (text: string): IdentityId => identityId(identityKey(text));

/** Reads what a QR reader gives, which may be all upper case. @throws {BytesError} `bad-encoding` */
export const parseScannedIdentityId = (text: string): IdentityId =>
  parseIdentityId(text === text.toUpperCase() ? text.toLowerCase() : text);

/** @throws {BytesError} `bad-encoding` or `bad-length` */
export const idBytes = (id: string): Uint8Array => ofLength(fromBase32(id, 'id'), ID_BYTES, 'id');

/** @throws {BytesError} `bad-encoding` or `bad-length` */
export const parseId = <T extends RandomId>(text: string): T => {
  idBytes(text);
  return text as T;
};

export const newId = <T extends RandomId>(rng: Rng = systemRng): T => toBase32(rng(ID_BYTES)) as T;
