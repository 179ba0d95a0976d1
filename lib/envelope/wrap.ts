// Wrap: encrypts the file key to a cell key. The author signs only the first wrap of a version, so that wraps can be replaced. A wrap proves nothing:
// a client compares COMMIT before it wraps the key again. docs/spec/wrap.md specifies wraps.
import { concat, ofLength, type Rng } from '../bytes/binary.ts';
import { decodeCapsule, encodeCapsule } from '../umbral/capsule.ts';
import type { VerifiedCapsuleFrag } from '../umbral/cfrag.ts';
import { decryptReencrypted } from '../umbral/delegatee.ts';
import { decryptOriginal } from '../umbral/delegator.ts';
import type { PublicKey, SecretKey } from '../umbral/keys.ts';
import { encrypt } from '../umbral/sender.ts';
import { EnvelopeError } from './errors.ts';
import { sha256 } from './header.ts';

export const CAPSULE_BYTES = 105;
export const WRAPPED_KEY_BYTES = 72;

export interface Wrap {
  /** 105 bytes. */
  readonly capsule: Uint8Array;
  /** 72 bytes: nonce[24], 32 bytes of ciphertext, tag[16]. */
  readonly wrappedKey: Uint8Array;
}

/** @param fileKey 32 bytes, secret */
export const wrapKey = (fileKey: Uint8Array, cell: PublicKey, rng?: Rng): Wrap => {
  const { capsule, ciphertext } = encrypt(cell, ofLength(fileKey, 32, 'file key'), rng);
  return { capsule: encodeCapsule(capsule), wrappedKey: ciphertext };
};

/** SHA-256 of capsule and wrapped key. The record statement contains it. */
export const wrapHash = ({ capsule, wrappedKey }: Wrap): Promise<Uint8Array> => sha256(concat(capsule, wrappedKey));

const opened = (open: () => Uint8Array): Uint8Array => {
  try {
    return ofLength(open(), 32, 'file key');
  } catch {
    // The wrap was altered, was made for another key, or contains a key of another length. All these cases get the same error.
    throw new EnvelopeError('wrap-invalid', 'the wrap does not open with this key');
  }
};

/** Decrypts the file key with the cell's secret key. @throws {EnvelopeError} `wrap-invalid` */
export const unwrapOriginal = ({ capsule, wrappedKey }: Wrap, cell: SecretKey): Uint8Array =>
  opened(() => decryptOriginal(cell, decodeCapsule(capsule), wrappedKey));

/** Decrypts the file key as a recipient, with capsule fragments. @throws {EnvelopeError} `wrap-invalid` */
export const unwrapReencrypted = (
  { capsule, wrappedKey }: Wrap,
  receiving: SecretKey,
  cell: PublicKey,
  cfrags: readonly VerifiedCapsuleFrag[],
): Uint8Array => opened(() => decryptReencrypted(receiving, cell, decodeCapsule(capsule), cfrags, wrappedKey));
