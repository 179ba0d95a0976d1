// Computes sums of multiples of any points with secret scalars. Each scalar is split into two halves (GLV) of signed odd digits of 4 bits. One loop of 128
// doublings, the "walk", adds the digits of all terms. All tables have the same Z, which counts as 1 in the loop, so no inversion is needed.
import { mul } from './generated/field';
import { BETA } from './generated/constants';
import { PAIR_EXCESS, WALK_EXCESS } from './blind';
import { copy, set } from './field';
import { pick } from './pick';
import { addAffine, double, fromAffine, H, scale } from './point';
import { walkDigits } from './scalar';
import { AFFINE, BLIND, DIGITS, HELD, JACOBIAN, POINTS, RATIOS, SCALARS, slot, TABLES, TEMP, X, Y, Z } from './layout';

const POINT: usize = TEMP + 1200;
const TWICE: usize = POINT + JACOBIAN;
const ENTRY: usize = TWICE + JACOBIAN;
const SCALED: usize = ENTRY + JACOBIAN;
/** The Z of all tables. */
export const SHARED: usize = SCALED + JACOBIAN;

/**
 * Builds the tables of `terms` points: 8 odd multiples of each, and of lambda times each.
 * @param start address of the first point, Jacobian; 0 if all points are in POINTS
 */
export function buildTables(terms: i32, start: usize): void {
  set(SHARED, 1);
  const p = POINT;
  for (let j = 0; j < terms; j++) {
    const table = slot(TABLES, 16 * AFFINE, j);
    const ratios = slot(RATIOS, 8 * 40, j);
    // Scale the point to the Z so far; then work on the isomorphic curve on which the Z of its double is 1.
    if (start !== 0 && j === 0) memory.copy(p, start, JACOBIAN);
    else {
      scale(p, slot(POINTS, HELD, j - (start !== 0 ? 1 : 0)), SHARED);
      copy(p + Z, SHARED);
    }
    double(TWICE, p);
    copy(ratios, TWICE + Z);
    scale(p, p, TWICE + Z);
    memory.copy(table, p, Z);
    for (let i = 1; i < 8; i++) {
      addAffine(p, p, TWICE, slot(ratios, 40, i));
      memory.copy(slot(table, AFFINE, i), p, Z);
    }
    mul(SHARED, p + Z, TWICE + Z);
  }
  // From the last entry to the first: multiply each by the factor by which its Z differs from the last one.
  const z = POINT;
  set(z, 1);
  for (let j = terms - 1; j >= 0; j--) {
    const table = slot(TABLES, 16 * AFFINE, j);
    for (let i = 7; i >= 0; i--) {
      const entry = slot(table, AFFINE, i);
      scale(entry, entry, z);
      mul(entry + 8 * AFFINE + X, entry + X, BETA);
      copy(entry + 8 * AFFINE + Y, entry + Y);
      mul(z, z, slot(RATIOS, 40, 8 * j + i));
    }
  }
}

function addDigit(o: usize, table: usize, digits: usize, i: i32): void {
  const digit = (<i32>(load<u32>(digits + 4 * (i >> 3)) >> (4 * (i & 7)))) & 15;
  const negative = (digit >> 3) - 1;
  pick(ENTRY, table, 8, (digit ^ negative) & 7, negative);
  addAffine(o, o, ENTRY, H);
}

/** o = sum of [k_j]P_j over the tables, with k_j from SCALARS + 32 * (first + j). Constant time. */
export function walk(o: usize, terms: i32, first: i32): void {
  for (let j = 0; j < terms; j++) walkDigits(slot(DIGITS, 320, j), slot(SCALARS, 32, first + j));
  scale(SCALED, BLIND, SHARED);
  fromAffine(o, SCALED);
  for (let i = 32; i >= 0; i--) {
    if (i < 32) for (let d = 0; d < 4; d++) double(o, o);
    for (let j = 0; j < terms; j++) {
      const table = slot(TABLES, 16 * AFFINE, j);
      const digits = slot(DIGITS, 320, j);
      addDigit(o, table, digits, i);
      addDigit(o, table + 8 * AFFINE, digits + 32, i);
    }
  }
  mul(o + Z, o + Z, SHARED);
  addAffine(o, o, WALK_EXCESS, H);
}

/**
 * A pair is a point P and 2^FAR_BITS P. Of the 4-bit digits of each half of a scalar, the lowest NEAR_DIGITS multiply P, and the others multiply
 * 2^FAR_BITS P.
 */
const FAR_BITS = 68;
const NEAR_DIGITS = 17;
const FAR: usize = SHARED + 40;

/** Builds the tables of 2^68 P and P, where P is the first of POINTS. With these tables, a multiple of P takes half as many doublings. */
export function buildPair(): void {
  fromAffine(FAR, POINTS);
  for (let i = 0; i < FAR_BITS; i++) double(FAR, FAR);
  buildTables(2, FAR);
}

/** o = [k]P over the pair, with k at SCALARS + 32 * scalar. Constant time. */
export function walkPair(o: usize, scalar: i32): void {
  const far = TABLES;
  const near = TABLES + 16 * AFFINE;
  walkDigits(DIGITS, slot(SCALARS, 32, scalar));
  scale(SCALED, BLIND, SHARED);
  fromAffine(o, SCALED);
  for (let i = NEAR_DIGITS - 1; i >= 0; i--) {
    if (i < NEAR_DIGITS - 1) {
      for (let d = 0; d < 4; d++) double(o, o);
      addDigit(o, far, DIGITS, i + NEAR_DIGITS);
      addDigit(o, far + 8 * AFFINE, DIGITS + 32, i + NEAR_DIGITS);
    }
    addDigit(o, near, DIGITS, i);
    addDigit(o, near + 8 * AFFINE, DIGITS + 32, i);
  }
  mul(o + Z, o + Z, SHARED);
  addAffine(o, o, PAIR_EXCESS, H);
}
