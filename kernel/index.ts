// Exports the functions of the WebAssembly module. Their arguments are slots (layout.ts), numbers of slots and lengths. No function allocates memory.
// `wipe` clears all memory that secrets may have touched.
import { GENERATOR, PARAMETER_U } from './generated/constants';
import { decompress, encode, finish } from './affine';
import { setBlind } from './blind';
import { signBytes, verifyBytes } from './ecdsa';
import { buildFixed, buildOdd, mulFixed } from './fixed';
import { addJacobian, equalsAffine, fromAffine } from './point';
import { invertScalar } from './scalar';
import { deriveKey, digest } from './sha256';
import { buildPair, buildTables, walk, walkPair } from './walk';
import { walkPublic } from './public';
import {
  AFFINE, BYTES, DIGITS, FIXED_G, FIXED_U, HELD, JACOBIAN, MESSAGE, ODD_G, ODD_U, OUT, POINTS, RATIOS, SCALARS, slot, SUMS, TABLES,
TERMS,
} from './layout'; // prettier-ignore

export const scalarsAt: usize = SCALARS;
export const pointsAt: usize = POINTS;
export const outAt: usize = OUT;
export const bytesAt: usize = BYTES;
export const messageAt: usize = MESSAGE + 64;

function sumAt(i: i32): usize {
  return slot(SUMS, JACOBIAN, i);
}

/** Builds the blinding point and the tables from 33 random bytes at BYTES, the first 2 or 3. If it returns false, the bytes are no point: try others. */
export function start(): bool {
  if (!setBlind()) return false;
  decompress(POINTS, GENERATOR);
  buildFixed(FIXED_G, POINTS);
  buildOdd(ODD_G, POINTS);
  decompress(POINTS, PARAMETER_U);
  buildFixed(FIXED_U, POINTS);
  buildOdd(ODD_U, POINTS);
  return true;
}

/** Decodes the 33 bytes at BYTES to a point at OUT, with its encoding. Returns false if the bytes are no point. */
export function decodePoint(): bool {
  if (!decompress(OUT, BYTES)) return false;
  encode(OUT + AFFINE, OUT);
  return true;
}

/** Builds the tables of the first `terms` points, for `sum` and `sumPublic`. */
export function prepare(terms: i32): void {
  buildTables(terms, 0);
}

/** Builds the table of SUMS[from] as the only point, for `sum`. */
export function prepareSum(from: i32): void {
  buildTables(1, sumAt(from));
}

/** Builds the tables of the first point, for `sumPair`. If the point is multiplied by two or more scalars, this is faster than `prepare` and `sum`. */
export function preparePair(): void {
  buildPair();
}

/** SUMS[to] = the prepared point times the scalar. Constant time. */
export function sumPair(to: i32, scalar: i32): void {
  walkPair(sumAt(to), scalar);
}

/** SUMS[to] = the sum of the prepared points times the scalars from `first` on. Constant time. */
export function sum(to: i32, terms: i32, first: i32): void {
  walk(sumAt(to), terms, first);
}

/** As `sum`, but for public scalars and in variable time. It also adds G and U times the scalars in the slots `g` and `u`, if these are not negative. */
export function sumPublic(to: i32, terms: i32, first: i32, g: i32, u: i32): void {
  walkPublic(sumAt(to), terms, first, g, u);
}

/** SUMS[to] = the scalar times G or U. Constant time. */
export function sumFixed(to: i32, isU: bool, scalar: i32): void {
  mulFixed(sumAt(to), isU ? FIXED_U : FIXED_G, slot(SCALARS, 32, scalar));
}

/** SUMS[to] = POINTS[from] */
export function take(to: i32, from: i32): void {
  fromAffine(sumAt(to), slot(POINTS, HELD, from));
}

/** SUMS[to] += SUMS[from], for any two points. */
export function add(to: i32, from: i32): void {
  addJacobian(sumAt(to), sumAt(to), sumAt(from));
}

/** Checks SUMS[i] = POINTS[point]. */
export function equals(i: i32, point: i32): bool {
  return equalsAffine(sumAt(i), slot(POINTS, HELD, point));
}

/** Converts the first `count` of SUMS to points at OUT. */
export function settle(count: i32): void {
  finish(count);
}

/** SCALARS[0] = 1 / SCALARS[0] mod n */
export function invert(): void {
  invertScalar(SCALARS, SCALARS);
}

/** Signs: reads digest, key and additional data at BYTES, and writes the signature there. */
export function sign(): void {
  signBytes();
}

/** Hashes the message with SHA-256, to BYTES. */
export function sha256(length: usize): void {
  digest(BYTES, MESSAGE + 64, length);
}

/** Derives 32 bytes from the message with HKDF, to BYTES. */
export function hkdf(length: usize): void {
  deriveKey(BYTES, length);
}

/** Verifies: reads digest and signature at BYTES, and the key from the first of POINTS. */
export function verify(): bool {
  return verifyBytes();
}

/** Clears the memory that a hash has used. */
export function wipeHash(): void {
  memory.fill(BYTES, 0, TABLES - BYTES);
}

/** Clears the memory that a call with this number of terms has used. */
export function wipe(terms: i32): void {
  memory.fill(SCALARS, 0, TABLES - SCALARS);
  memory.fill(TABLES, 0, 16 * AFFINE * terms);
  memory.fill(RATIOS, 0, 8 * 40 * terms);
  memory.fill(DIGITS, 0, 320 * min<i32>(terms + 2, TERMS + 2)); // the comb stores its digits here too
}
