// Verifies Ed25519 strictly: canonical A and R, neither of small order, S below the group order, no cofactor. So every library gives the same verdict on a
// signature. This file makes the checks; the verification equation is the platform's (ed25519-native.ts) or that of @noble/curves, so that verification also
// works in browsers without Ed25519 in WebCrypto.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from '../bytes/binary.ts';
import { nativeEquation, type Equation } from './ed25519-native.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const PRIME = Point.Fp.ORDER;

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

/** The y coordinates of the eight points of small order: 1; -1; 0 (two points); and two of order 8 (two points each). */
const SMALL_ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER = new Set([1n, PRIME - 1n, 0n, SMALL_ORDER_8, PRIME - SMALL_ORDER_8]);

/**
 * Checks that A or R has 32 bytes, that its y is below p, and that it is not of small order. If the point is not on the curve, the verification equation fails
 * later.
 */
const hasStrictForm = (point: Uint8Array): boolean => {
  if (point.length !== 32) return false;
  const y = littleEndian(point) & ((1n << 255n) - 1n);
  return y < PRIME && !SMALL_ORDER.has(y);
};

const decoded = (publicKey: Uint8Array) => {
  try {
    return Point.fromBytes(publicKey);
  } catch {
    return undefined;
  }
};

/** Checks that 32 bytes may be an identity key: canonical, not of small order, and on the curve. */
export const isIdentityKey = (publicKey: Uint8Array): boolean =>
  hasStrictForm(publicKey) && decoded(publicKey) !== undefined;

/** Checks the equation with @noble/curves. The time depends on signature, message and key, which are public. */
export const nobleEquation: Equation = (signature, message, publicKey) => {
  const key = decoded(publicKey);
  if (key === undefined) return false;
  const r = signature.subarray(0, 32);
  const k = littleEndian(sha512(concat(r, publicKey, message))) % ORDER;
  const s = littleEndian(signature.subarray(32));
  return equalBytes(Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).toBytes(), r);
};

/** Makes the strict verifier from a verification equation. */
export const makeVerifier =
  (equation: Equation): Equation =>
  (signature, message, publicKey) =>
    signature.length === 64 &&
    littleEndian(signature.subarray(32)) < ORDER &&
    // R of small order is refused, because libsodium refuses it. And because R has only one encoding, it does not matter whether a platform compares R as bytes
    // or as a point.
    hasStrictForm(signature.subarray(0, 32)) &&
    hasStrictForm(publicKey) &&
    equation(signature, message, publicKey);

/**
 * Verifies a signature by RFC 8032 section 5.1.7, without the cofactor: encode([S]B - [k]A) must equal R byte for byte, as in OpenSSL, Go and libsodium. With
 * the cofactor, it would accept signatures that other JOSE libraries refuse.
 *
 * @param signature R[32] then S[32]
 * @param publicKey 32 bytes
 */
export const verifyEd25519 = makeVerifier(nativeEquation() ?? nobleEquation);
