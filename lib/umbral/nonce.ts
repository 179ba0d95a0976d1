// RFC 6979 with additional data (section 3.6): the nonces of ECDSA with SHA-256 over a group of 256 bits.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from '../bytes/binary.ts';

/**
 * The nonces to try, in order. One outside [1, n-1], or one whose signature is degenerate, is passed over.
 * @param key x, 32 bytes
 * @param reduced the digest modulo n, 32 bytes
 * @param extra additional data
 */
export function* nonces(key: Uint8Array, reduced: Uint8Array, extra: Uint8Array): Generator<Uint8Array, never> {
  let k: Uint8Array = new Uint8Array(32);
  let v: Uint8Array = new Uint8Array(32).fill(1);
  const update = (...data: readonly Uint8Array[]): void => {
    k = hmac(sha256, k, concat(v, ...data));
    v = hmac(sha256, k, v);
  };
  update(Uint8Array.of(0), key, reduced, extra);
  update(Uint8Array.of(1), key, reduced, extra);
  for (;;) {
    v = hmac(sha256, k, v);
    yield v;
    update(Uint8Array.of(0));
  }
}
