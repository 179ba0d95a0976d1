// Computes multiples of the two fixed bases G and U with a comb (a method with precomputed sums). The comb has 11 blocks of 6 teeth that are 4 bits apart,
// so 264 signed bits in all. A multiple takes 44 additions and 3 doublings.
// The table of block b contains, for each combination of 5 signs, 2^(24b + 20) P + sum over teeth t < 5 of +-2^(24b + 4t) P.
import { combDigits } from './scalar';
import { invertAll, toAffine } from './affine';
import { COMB_EXCESS } from './blind';
import { pick } from './pick';
import { addAffine, double, fromAffine, H } from './point';
import { AFFINE, BLIND, BUILD, DIGITS, JACOBIAN, slot, TEMP, X, Y, Z } from './layout';
import { canonical, copy, negateIf } from './field';
import { mul } from './generated/field';
import { BETA } from './generated/constants';

const BLOCKS = 11;
const TEETH = 6;
const ENTRIES = 32;
export const ODD = 64;
const COUNT = BLOCKS * ENTRIES;
const PRODUCTS: usize = BUILD + <usize>COUNT * JACOBIAN;
const ENTRY: usize = TEMP + 960;

/** Converts n Jacobian points at BUILD to affine points at `o`. */
function toAffineAll(o: usize, n: i32): void {
  invertAll(BUILD + Z, JACOBIAN, n, PRODUCTS);
  for (let i = 0; i < n; i++) toAffine(slot(o, AFFINE, i), slot(BUILD, JACOBIAN, i));
}

/** Builds the comb table of an affine point. The sums are of distinct powers of two, so the exceptional cases of addition do not occur. */
export function buildFixed(table: usize, point: usize): void {
  // First write 2^(4i) P and twice that for each tooth i, affine, to the start of the table. The last step overwrites these points with the entries.
  const p = ENTRY;
  fromAffine(p, point);
  for (let i = 0; i < BLOCKS * TEETH; i++) {
    memory.copy(slot(BUILD, JACOBIAN, 2 * i), p, JACOBIAN);
    double(p, p);
    memory.copy(slot(BUILD, JACOBIAN, 2 * i + 1), p, JACOBIAN);
    for (let j = 0; j < 3; j++) double(p, p);
  }
  toAffineAll(table, 2 * BLOCKS * TEETH);
  for (let b = 0; b < BLOCKS; b++) {
    const powers = slot(table, <usize>(2 * TEETH) * AFFINE, b);
    const entries = slot(BUILD, JACOBIAN, b * ENTRIES);
    // In entry 0 all signs are negative. Each bit of the index makes the sign of its tooth positive, which adds twice its power.
    fromAffine(entries, powers + 2 * (TEETH - 1) * AFFINE);
    for (let t = 0; t < TEETH - 1; t++) {
      memory.copy(p, powers + 2 * t * AFFINE, AFFINE);
      negateIf(p + Y, -1);
      addAffine(entries, entries, p, H);
    }
    for (let t = 0; t < TEETH - 1; t++)
      for (let i = 0; i < 1 << t; i++)
        addAffine(slot(entries, JACOBIAN, i + (1 << t)), slot(entries, JACOBIAN, i), powers + (2 * t + 1) * AFFINE, H);
  }
  toAffineAll(table, COUNT);
  for (let i = 0; i < COUNT; i++) canonical(slot(table, AFFINE, i) + Y, slot(table, AFFINE, i) + Y);
}

/** Builds the odd multiples of an affine point up to 127, and lambda times each, for sums of public scalars. */
export function buildOdd(table: usize, point: usize): void {
  fromAffine(BUILD, point);
  double(BUILD, BUILD);
  toAffineAll(table, 1);
  memory.copy(ENTRY, table, Z);
  fromAffine(BUILD, point);
  for (let i = 1; i < ODD; i++) addAffine(slot(BUILD, JACOBIAN, i), slot(BUILD, JACOBIAN, i - 1), ENTRY, H);
  toAffineAll(table, ODD);
  for (let i = 0; i < ODD; i++) {
    const entry = slot(table, AFFINE, i);
    mul(entry + <usize>ODD * AFFINE + X, entry + X, BETA);
    copy(entry + <usize>ODD * AFFINE + Y, entry + Y);
  }
}

/** o = [k]P in constant time: each step reads all entries of its block. */
export function mulFixed(o: usize, table: usize, k: usize): void {
  combDigits(DIGITS, k);
  fromAffine(o, BLIND);
  for (let i = 3; i >= 0; i--) {
    if (i < 3) double(o, o);
    for (let b = 0; b < BLOCKS; b++) {
      let bits: i32 = 0;
      for (let t = 0; t < TEETH; t++) {
        const at = (b * TEETH + t) * 4 + i;
        bits |= ((load<u32>(DIGITS + 4 * (at >> 5)) >> (at & 31)) & 1) << t;
      }
      const negative = (bits >> 5) - 1;
      pick(ENTRY, slot(table, <usize>ENTRIES * AFFINE, b), ENTRIES, (bits ^ negative) & 31, negative);
      addAffine(o, o, ENTRY, H);
    }
  }
  addAffine(o, o, COMB_EXCESS, H);
}
