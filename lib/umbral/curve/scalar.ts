// Scalars: integers modulo n, the order of secp256k1. Only this file knows that a scalar is a BigInt.
// BigInt arithmetic is not strictly constant time; the backend blinds the inversion of secrets.
import { bytesToNumberBE } from '@noble/curves/utils.js';
import type { Rng } from '../../bytes/binary.ts';
import type { Brand } from '../../bytes/ids.ts';
import { UmbralError } from '../errors.ts';

/** An integer in [0, n-1]. */
export type Scalar = Brand<bigint, 'Scalar'>;

export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
export const ZERO = 0n as Scalar;
export const ONE = 1n as Scalar;
const TRIES = 64;

const mod = (x: bigint): Scalar => {
  const r = x % ORDER;
  return (r < 0n ? r + ORDER : r) as Scalar;
};

export const add = (a: Scalar, b: Scalar): Scalar => mod(a + b);
export const sub = (a: Scalar, b: Scalar): Scalar => mod(a - b);
export const mul = (a: Scalar, b: Scalar): Scalar => mod(a * b);
export const neg = (a: Scalar): Scalar => mod(ORDER - a);
export const product = (list: readonly Scalar[]): Scalar => list.reduce(mul, ONE);
export const isZero = (a: Scalar): boolean => a === 0n;
export const areDistinct = (list: readonly Scalar[]): boolean => new Set(list).size === list.length;

/** Encodes a scalar as 32 bytes, big endian. */
export const encodeScalar = (a: Scalar): Uint8Array => {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  // `setBigUint64` writes only the low 64 bits of a value.
  for (let i = 0; i < 4; i++) view.setBigUint64(24 - 8 * i, a >> BigInt(64 * i));
  return bytes;
};

/** Decodes 32 bytes, big endian. It reads 64-bit words, because decoding by way of a hexadecimal text is slow. */
const numberOf = (bytes: Uint8Array): bigint => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  const high = (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
  return (high << 128n) | (view.getBigUint64(16) << 64n) | view.getBigUint64(24);
};

/** Decodes a scalar. @throws {UmbralError} `bad-scalar` unless it is 32 bytes, big endian, below n */
export const decodeScalar = (bytes: Uint8Array): Scalar => {
  const x = bytes.length === 32 ? numberOf(bytes) : ORDER;
  if (x >= ORDER) throw new UmbralError('bad-scalar', 'not a scalar of 32 bytes below the group order');
  return x as Scalar;
};

/** Decodes a scalar that is not zero. @throws {UmbralError} `bad-scalar`, also for zero */
export const decodeNonZeroScalar = (bytes: Uint8Array): Scalar => {
  const x = decodeScalar(bytes);
  if (isZero(x)) throw new UmbralError('bad-scalar', 'the scalar is zero');
  return x;
};

/** Maps a digest of 32 bytes to a scalar that is never zero: (x mod (n-1)) + 1. */
export const scalarFromDigest = (digest: Uint8Array): Scalar => ((numberOf(digest) % (ORDER - 1n)) + 1n) as Scalar;

/** Draws random bytes and checks their number. @throws {UmbralError} `bad-randomness` */
export const draw = (rng: Rng, length: number): Uint8Array => {
  const bytes = rng(length);
  if (bytes.length !== length)
    throw new UmbralError('bad-randomness', 'the random source gave a wrong number of bytes');
  return bytes;
};

/**
 * Draws a scalar, uniform in [1, n-1], by rejection sampling from 32 random bytes.
 * @throws {UmbralError} `bad-randomness` after 64 rejections in a row (a sound source is rejected once in 2^127 draws)
 */
export const randomScalar = (rng: Rng): Scalar => {
  for (let i = 0; i < TRIES; i++) {
    const x = numberOf(draw(rng, 32));
    if (x > 0n && x < ORDER) return x as Scalar;
  }
  throw new UmbralError('bad-randomness', 'the random source gives no usable scalar');
};

/** Draws an odd number of 128 bits: the weight of one equation when several equations are checked as one sum. */
export const randomWeight = (rng: Rng): Scalar => (bytesToNumberBE(draw(rng, 16)) | 1n) as Scalar;
