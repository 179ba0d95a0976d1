// Strict Ed25519: canonical keys that are not of small order, S below the group order, no cofactor. One key, one message, one verdict,
// the same in every library. @noble/curves does the arithmetic, so this also runs in browsers without Ed25519 in WebCrypto.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from '../bytes/binary.ts';

const { Point } = ed25519;

/** The point of an identity key, or undefined when the 32 bytes are not canonical, not on the curve, or of small order. */
const decodeKey = (publicKey: Uint8Array) => {
  try {
    const point = Point.fromBytes(publicKey);
    return point.isSmallOrder() ? undefined : point;
  } catch {
    return undefined;
  }
};

/** Whether 32 bytes may be an identity key. */
export const isIdentityKey = (publicKey: Uint8Array): boolean => decodeKey(publicKey) !== undefined;

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

/**
 * RFC 8032 section 5.1.7, without the cofactor: encode([S]B - [k]A) must equal R byte for byte, as OpenSSL, Go and libsodium do it. The cofactored
 * form would accept signatures that other JOSE libraries refuse.
 *
 * @param signature R[32] then S[32]
 * @param publicKey 32 bytes
 */
export const verifyEd25519 = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
  const key = decodeKey(publicKey);
  if (key === undefined || signature.length !== 64) return false;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  const order = Point.Fn.ORDER;
  if (s >= order) return false;
  const k = littleEndian(sha512(concat(r, publicKey, message))) % order;
  // Variable time: signature, message and key are public.
  return equalBytes(Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).toBytes(), r);
};
