// Tests signatures whose R is of small order, with a matching S. The owner of a key can make them, and libsodium refuses them.
import { describe, expect, test } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from '../../lib/bytes/binary.ts';
import { fromHex, utf8 } from '../../lib/bytes/codec.ts';
import { nativeEquation, type Equation } from '../../lib/statements/ed25519-native.ts';
import { makeVerifier, nobleEquation } from '../../lib/statements/ed25519.ts';
import { fill } from './samples.ts';

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const little = (n: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));
const number = (bytes: Uint8Array): bigint => bytes.reduceRight((n, b) => n * 256n + BigInt(b), 0n);
const message = utf8('message');
const { scalar } = ed25519.utils.getExtendedPublicKey(fill(1, 32));
const eighth = Point.fromBytes(fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'));

/** Signatures with [S]B - [k]A = R for R of small order. If R is not the identity, the key A has a component of small order. */
const signatures = (r: Uint8Array): readonly (readonly [signature: Uint8Array, key: Uint8Array])[] =>
  Array.from({ length: 8 }, (_, i) => {
    const key = Point.BASE.multiply(scalar).add(eighth.multiplyUnsafe(BigInt(i))).toBytes(); // prettier-ignore
    const k = number(sha512(concat(r, key, message))) % L;
    return [concat(r, little((k * scalar) % L)), key] as const;
  });

/** Behaves like a library that compares points instead of bytes. The self-test does not detect this difference. */
const byPoints: Equation = (signature, text, publicKey) => {
  const [r, key] = [signature.subarray(0, 32), Point.fromBytes(publicKey)];
  const k = number(sha512(concat(r, publicKey, text))) % L;
  const sum = Point.BASE.multiplyUnsafe(number(signature.subarray(32))).subtract(key.multiplyUnsafe(k));
  try {
    return sum.equals(Point.fromBytes(r, true));
  } catch {
    return equalBytes(sum.toBytes(), r);
  }
};

describe.each([
  ['the platform', nativeEquation()!],
  ['noble', nobleEquation],
  ['a platform that compares points', byPoints],
])('with the equation of %s', (_, equation) => {
  const verify = makeVerifier(equation);

  test('valid signatures are accepted', () => {
    const key = ed25519.getPublicKey(fill(1, 32));
    expect(verify(ed25519.sign(message, fill(1, 32)), message, key)).toBe(true);
  });

  test.each([
    ['canonical, the identity', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['canonical, of order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['the identity with a sign', '0100000000000000000000000000000000000000000000000000000000000080'],
    ['the identity as p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ])('R %s is refused', (__, hex) => {
    for (const [signature, key] of signatures(fromHex(hex))) expect(verify(signature, message, key)).toBe(false);
  });
});
