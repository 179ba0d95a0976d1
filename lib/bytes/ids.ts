// Defines the ids of identities and of stored things. Only the functions in this file create values of these types, so a typed id is well-formed.
import { bech32m } from '@scure/base';
import { ofLength, systemRng, type Rng } from './binary.ts';
import { fromBase32, toBase32 } from './codec.ts';
import { enteredText } from './entered-text.ts';
import { BytesError } from './errors.ts';

declare const brand: unique symbol;
export type Brand<T, B extends string> = T & { readonly [brand]: B };

/** An Ed25519 public key in bech32m with the prefix `ehr`, 62 characters. The id alone is enough to verify what the identity signs. */
export type IdentityId = Brand<string, 'IdentityId'>;
export type FolderId = Brand<string, 'FolderId'>;
export type RecordId = Brand<string, 'RecordId'>;
export type UploadId = Brand<string, 'UploadId'>;
export type RequestId = Brand<string, 'RequestId'>;
export type GrantId = Brand<string, 'GrantId'>;
export type OpeningId = Brand<string, 'OpeningId'>;
/** An id of 16 random bytes that the client draws, written as 26 characters of lower-case base32. */
export type RandomId = FolderId | RecordId | UploadId | RequestId | GrantId | OpeningId;

const PREFIX = 'ehr';
export const ID_BYTES = 16;

/** Encodes a public key as an identity id. @param publicKey Ed25519, 32 bytes */
export const identityId = (publicKey: Uint8Array): IdentityId =>
  bech32m.encodeFromBytes(PREFIX, ofLength(publicKey, 32, 'identity key')) as IdentityId;

/**
 * Decodes the Ed25519 public key from an identity id.
 * @throws {BytesError} `bad-encoding` if the checksum, the prefix or the length is wrong, or a letter is in upper case
 */
export const identityKey = (id: string): Uint8Array => {
  try {
    const { prefix, bytes } = bech32m.decodeToBytes(id);
    if (prefix === PREFIX && bytes.length === 32 && identityId(bytes) === id) return bytes;
  } catch {
    // The error of the library contains the input, so this function throws an error of its own.
  }
  throw new BytesError('bad-encoding', 'identity id is not canonical bech32m with the prefix ehr');
};

/** Checks that a text is an identity id. @throws {BytesError} `bad-encoding` */
export const parseIdentityId = (text: string): IdentityId => identityId(identityKey(text));

/** Reads an id that a person entered or scanned: it may be all upper case, and have white space around it. @throws {BytesError} `bad-encoding` */
export const parseScannedIdentityId = (scanned: string): IdentityId => {
  const text = enteredText(scanned);
  return parseIdentityId(text === text.toUpperCase() ? text.toLowerCase() : text);
};

/** Decodes a random id to its 16 bytes. @throws {BytesError} `bad-encoding` or `bad-length` */
export const idBytes = (id: string): Uint8Array => ofLength(fromBase32(id, 'id'), ID_BYTES, 'id');

/** Checks that a text is a random id. @throws {BytesError} `bad-encoding` or `bad-length` */
export const parseId = <T extends RandomId>(text: string): T => {
  idBytes(text);
  return text as T;
};

export const newId = <T extends RandomId>(rng: Rng = systemRng): T => toBase32(rng(ID_BYTES)) as T;
