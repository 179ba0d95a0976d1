// Data encapsulation (DEM) of Umbral: encrypts with XChaCha20-Poly1305 under the key of a capsule. The capsule is the additional authenticated data.
// Records do not use it, because a wrap takes only the key of the capsule. Tests and benches use it: the recorded vectors and the peers (umbral-pre, pyUmbral)
// encrypt texts, so tests compare whole ciphertexts byte for byte.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat, wipe, type Rng } from '../bytes/binary.ts';
import { capsuleFields } from './capsule.ts';
import { UmbralError } from './errors.ts';
import type { Capsule } from './objects.ts';
import { draw } from './curve/scalar.ts';

const NONCE = 24;
const TAG = 16;

/** Returns nonce[24], ciphertext, tag[16]: 40 bytes more than the plaintext. Wipes the key. */
export const sealWith = (key: Uint8Array, capsule: Capsule, plaintext: Uint8Array, rng: Rng): Uint8Array => {
  const nonce = draw(rng, NONCE);
  const sealed = concat(nonce, xchacha20poly1305(key, nonce, capsuleFields(capsule)).encrypt(plaintext));
  wipe(key);
  return sealed;
};

/**
 * Decrypts what {@link sealWith} returned.
 * Wipes the key.
 * @throws {UmbralError} `decryption-failed`
 */
export const openWith = (key: Uint8Array, capsule: Capsule, sealed: Uint8Array): Uint8Array => {
  try {
    if (sealed.length >= NONCE + TAG)
      return xchacha20poly1305(key, sealed.subarray(0, NONCE), capsuleFields(capsule)).decrypt(sealed.subarray(NONCE));
  } catch {
    // The error does not say which part was wrong, because that could help an attacker.
  } finally {
    wipe(key);
  }
  throw new UmbralError('decryption-failed', 'the ciphertext does not belong to this key and capsule');
};
