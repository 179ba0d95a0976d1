// Derives the key that encrypts the file key in a wrap. It is bound to the record version and the cell, so a wrap cannot be moved to another record or cell.
// docs/spec/wrap.md specifies it.
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, u32, wipe } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { idBytes, identityKey, type FolderId, type IdentityId, type RecordId } from '../bytes/ids.ts';

/** The record version that a wrap opens, and the cell that the wrap is for. */
export interface WrapContext {
  readonly patient: IdentityId;
  readonly record: RecordId;
  readonly version: number;
  /** Folder and epoch of the cell. In a single-record folder, the folder differs from the one in the record statement. */
  readonly folder: FolderId;
  readonly epoch: number;
}

// A zero nonce is safe, because the key is used once: each wrap has a fresh capsule and a fresh companion ciphertext.
const NONCE = new Uint8Array(12);

/** The encoded context, 72 bytes. */
export const encodeWrapContext = ({ patient, record, version, folder, epoch }: WrapContext): Uint8Array =>
  concat(identityKey(patient), idBytes(record), u32(version), idBytes(folder), u32(epoch));

/** The secrets of a wrap, 32 bytes each: of the Umbral capsule, and of the companion ciphertext. */
export interface WrapSecrets {
  readonly umbral: Uint8Array;
  readonly companion: Uint8Array;
}

/** The cipher of the file key. Both secrets are needed. @param sealed capsule[105], companion ciphertext[1120] */
export const fileKeyCipher = ({ umbral, companion }: WrapSecrets, sealed: Uint8Array, context: WrapContext) => {
  const info = concat(utf8('pcehr/v1/wrap'), sha256(sealed), encodeWrapContext(context));
  const secrets = concat(umbral, companion);
  const key = hkdf(sha256, secrets, undefined, info, 32);
  wipe(secrets);
  return chacha20poly1305(key, NONCE);
};
