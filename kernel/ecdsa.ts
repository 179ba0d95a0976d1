// ECDSA: signs and verifies, over big-endian strings of 32 bytes at BYTES. Signing is constant time; verifying gets public values only.
import { HALF_ORDER, ORDER, P_MINUS_N } from './generated/constants';
import { finish } from './affine';
import { mul, sqr } from './generated/field';
import { fromWords, isEqual, isZero, swap } from './field';
import { mulFixed } from './fixed';
import { nextNonce, refuseNonce, startNonces } from './sha256';
import { walkPublic } from './public';
import { addScalars, invertScalar, mulScalars, negateScalarIf, reduceOnce } from './scalar';
import { BYTES, FIXED_G, OUT, SCALARS, SUMS, TEMP, Z } from './layout';
import { buildTables } from './walk';

const A: usize = SCALARS;
const B: usize = SCALARS + 32;
const C: usize = SCALARS + 64;
const R: usize = SCALARS + 96;
const S: usize = SCALARS + 128;
const T: usize = TEMP + 2200;
const V: usize = TEMP + 2240;

/** All ones when a < b, else 0. */
function less(a: usize, b: usize): i32 {
  let c: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) c = (c >> 32) + <i64>load<u32>(a + i) - <i64>load<u32>(b + i);
  return <i32>(c >> 32);
}

function nonZero(a: usize): i32 {
  const bits = load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24);
  return <i32>((<i64>(bits | -bits)) >> 63);
}

/**
 * Computes R and S from digest A, key B and nonce C. A and B must be below n. Returns false if the nonce must be refused: it is not in [1, n-1], or R or S
 * is 0.
 */
function signWith(): bool {
  const inRange = less(C, ORDER) & nonZero(C);
  mulFixed(SUMS, FIXED_G, C);
  finish(1);
  swap(R, OUT + 81);
  reduceOnce(R, R, 0);
  invertScalar(C, C);
  mulScalars(S, B, R);
  addScalars(S, S, A);
  mulScalars(S, S, C);
  negateScalarIf(S, S, less(HALF_ORDER, S));
  return (inRange & nonZero(R) & nonZero(S)) !== 0;
}

/** Reads digest, key and additional data, 32 bytes each, at BYTES, and writes r || s there, with low s. The nonce follows RFC 6979. */
export function signBytes(): void {
  swap(A, BYTES);
  swap(B, BYTES + 32);
  reduceOnce(A, A, 0);
  memory.copy(BYTES, BYTES + 32, 32);
  swap(BYTES + 32, A);
  startNonces(BYTES);
  while (true) {
    nextNonce(BYTES);
    swap(C, BYTES);
    // The time reveals how many nonces were refused. This is harmless, because a refused nonce is never used.
    if (signWith()) break;
    refuseNonce();
  }
  swap(BYTES, R);
  swap(BYTES + 32, S);
}

/** Reads digest, r and s at BYTES, and the key from the first of POINTS. All values are public, so it stops at the first failure. */
export function verifyBytes(): bool {
  swap(C, BYTES);
  swap(R, BYTES + 32);
  swap(S, BYTES + 64);
  reduceOnce(C, C, 0);
  if ((less(R, ORDER) & nonZero(R) & nonZero(S)) === 0 || less(HALF_ORDER, S) !== 0) return false;
  invertScalar(S, S);
  mulScalars(A, R, S);
  mulScalars(B, C, S);
  buildTables(1, 0);
  walkPublic(SUMS, 1, 0, 1, -1);
  if (isZero(SUMS + Z) !== 0) return false;
  // Checks x mod n = r without an inversion: X = r Z^2, or X = (r + n) Z^2 if r + n < p.
  sqr(T, SUMS + Z);
  fromWords(V, R, 29);
  mul(V, V, T);
  if (isEqual(V, SUMS) !== 0) return true;
  if (less(R, P_MINUS_N) === 0) return false;
  let c: u64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    c = (c >> 32) + <u64>load<u32>(R + i) + <u64>load<u32>(ORDER + i);
    store<u32>(S + i, <u32>c);
  }
  fromWords(V, S, 29);
  mul(V, V, T);
  return isEqual(V, SUMS) !== 0;
}
