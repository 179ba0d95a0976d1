// Arbitraries of fast-check for property tests of the scheme. Keys come from fast-check, so a printed seed reproduces a failure.
import fc from 'fast-check';
import type { Rng } from '../../lib/bytes/binary.ts';
import { publicKeyOf, SecretKey } from '../../lib/umbral/keys.ts';
import { ORDER } from '../../lib/umbral/curve/scalar.ts';

export const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const big = (k: bigint): Uint8Array =>
  Uint8Array.from(k.toString(16).padStart(64, '0').match(/../g)!, (h) => parseInt(h, 16));

/** Valid secret scalars, including both ends of the range. */
export const secretKeys: fc.Arbitrary<SecretKey> = fc
  .oneof(
    { weight: 1, arbitrary: fc.constantFrom(1n, 2n, ORDER - 2n, ORDER - 1n) },
    { weight: 6, arbitrary: fc.bigInt(1n, ORDER - 1n) },
  )
  .map((k) => SecretKey.fromBytes(big(k)));

/** Deterministic generators of bytes (xorshift). Their output is not random, but does not repeat within a run. */
export const sources: fc.Arbitrary<Rng> = fc.integer({ min: 1, max: 0x7fffffff }).map((seed) => {
  let x = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      return x & 0xff;
    });
});

export interface Parties {
  readonly delegating: SecretKey;
  readonly receiving: SecretKey;
  readonly signer: SecretKey;
  readonly rng: Rng;
}
export const parties: fc.Arbitrary<Parties> = fc.record({
  delegating: secretKeys,
  receiving: secretKeys,
  signer: secretKeys,
  rng: sources,
});

export const publicKeys = ({ delegating, receiving, signer }: Parties) => ({
  delegating: publicKeyOf(delegating),
  receiving: publicKeyOf(receiving),
  verifying: publicKeyOf(signer),
});

/** Pairs of threshold and shares, with 1 <= threshold <= shares <= 4. */
export const splits: fc.Arbitrary<{ readonly threshold: number; readonly shares: number }> = fc
  .integer({ min: 1, max: 4 })
  .chain((shares) => fc.record({ threshold: fc.integer({ min: 1, max: shares }), shares: fc.constant(shares) }));

/** Returns the bytes with one byte changed. */
export const flipped = (bytes: Uint8Array, at: number, mask: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at]! ^= mask;
  return copy;
};
