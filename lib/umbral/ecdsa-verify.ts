// Verifies ECDSA signatures over secp256k1 and SHA-256. There is no domain separation: the message must name its own kind.
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { curve } from './curve/chosen-backend.ts';
import { UmbralError } from './errors.ts';
import { messageDigest } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { ORDER } from './curve/scalar.ts';

export const SIGNATURE_BYTES = 64;

/** Checks the form r||s: both in [1, n-1], s at most (n-1)/2. */
const isSignature = (bytes: Uint8Array): boolean => {
  if (bytes.length !== SIGNATURE_BYTES) return false;
  const r = bytesToNumberBE(bytes.subarray(0, 32));
  const s = bytesToNumberBE(bytes.subarray(32));
  return r > 0n && r < ORDER && s > 0n && s <= ORDER >> 1n;
};

/** Returns the bytes if they have the form of a signature. @throws {UmbralError} `bad-signature` for anything but 64 bytes r||s with low s */
export const checkedSignature = (bytes: Uint8Array): Uint8Array => {
  if (!isSignature(bytes)) throw new UmbralError('bad-signature', 'not an ECDSA signature of 64 bytes with low s');
  return bytes;
};

/** Checks that the key made `signature` (r||s, 64 bytes, low s) over `message`. Returns false for anything malformed. */
export const verifyMessage = (key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean =>
  isSignature(signature) && curve.verify(signature, messageDigest(message), key.point);
