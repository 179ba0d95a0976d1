// Sums of multiples with public scalars, in variable time: Strauss's method with non-adjacent forms of width 5 and GLV halves.
import { mul, sqr } from './generated/field';
import { ODD } from './fixed';
import { HALF_ORDER } from './generated/constants';
import { PUBLIC_DOUBLINGS, PUBLIC_EXCESS } from './blind';
import { negateIf } from './field';
import { addAffine, double, fromAffine, H, scale } from './point';
import { negateScalarIf, split } from './scalar';
import { AFFINE, BLIND, DIGITS, JACOBIAN, ODD_G, ODD_U, SCALARS, slot, TABLES, TEMP, X, Y, Z } from './layout';
import { SHARED } from './walk';

const WORDS: usize = TEMP + 1800; // 16 words, and one of zeros
const ENTRY: usize = TEMP + 1900;
const SCALED: usize = ENTRY + JACOBIAN;
/** Width of the digits: WIDTH for points whose tables are built in the call, WIDE for G and U. */
const WIDTH = 5;
const WIDE = 8;
const SQUARE: usize = SCALED + JACOBIAN;
const CUBE: usize = SQUARE + 40;
/** Number of digits of one half; the halves are 160 bytes apart. */
const LENGTH = PUBLIC_DOUBLINGS;

/** Checks a > n / 2: then -a is the shorter number. */
function isLong(a: usize): bool {
  for (let i: usize = 32; i > 0; i -= 4) {
    const x = load<u32>(a + i - 4);
    const y = load<u32>(HALF_ORDER + i - 4);
    if (x !== y) return x > y;
  }
  return false;
}

function isShort(a: usize): bool {
  return (load<u64>(a, 16) | load<u64>(a, 24)) === 0;
}

/**
 * Writes the non-adjacent form of a number mod n that is within +-2^129. A digit is 0, or odd and between +-2^(width - 1). Of any `width` digits in a row,
 * at most one is not 0.
 */
function nonAdjacent(o: usize, a: usize, width: i32): void {
  memory.fill(o, 0, LENGTH);
  const long = isLong(a);
  negateScalarIf(a, a, long ? -1 : 0);
  let carry = 0;
  let i = 0;
  while (i < LENGTH) {
    const bits = (<i32>(load<u64>(a + 4 * (i >> 5)) >> (i & 31))) & ((1 << width) - 1);
    if (((bits + carry) & 1) === 0) {
      i++;
      continue;
    }
    const digit = bits + carry;
    carry = digit >> (width - 1);
    const signed = digit - (carry << width);
    store<i8>(o + i, <i8>(long ? -signed : signed));
    i += width;
  }
}

/** Writes the digits of both halves of a scalar. If the scalar or its opposite is short, as the random weights of proofs are, the second half is 0. */
function digitsOf(o: usize, k: usize, width: i32): void {
  memory.copy(WORDS, k, 32);
  negateScalarIf(WORDS, WORDS, isLong(k) ? -1 : 0);
  const short = isShort(WORDS);
  memory.copy(WORDS, k, 32);
  memory.fill(WORDS + 32, 0, 36);
  if (!short) split(WORDS, k);
  nonAdjacent(o + 160, WORDS + 32, width);
  nonAdjacent(o, WORDS, width);
}

function addDigit(o: usize, table: usize, digit: i32): void {
  if (digit === 0) return;
  const entry = slot(table, AFFINE, abs<i32>(digit) >> 1);
  if (digit > 0) return addAffine(o, o, entry, H);
  memory.copy(ENTRY, entry, Z);
  negateIf(ENTRY + Y, -1);
  addAffine(o, o, ENTRY, H);
}

/**
 * Adds a multiple of G or U to the sum. The tables of G and U contain points of secp256k1, but the sum is on an isomorphic curve. So x and y of the entry
 * are first multiplied by the square and the cube of the scaling factor.
 */
function addOdd(o: usize, table: usize, digit: i32): void {
  if (digit === 0) return;
  const entry = slot(table, AFFINE, abs<i32>(digit) >> 1);
  mul(ENTRY + X, entry + X, SQUARE);
  mul(ENTRY + Y, entry + Y, CUBE);
  negateIf(ENTRY + Y, digit >> 31);
  addAffine(o, o, ENTRY, H);
}

function addOdds(o: usize, table: usize, digits: usize, i: i32): void {
  addOdd(o, table, <i32>load<i8>(digits + i));
  addOdd(o, table + <usize>ODD * AFFINE, <i32>load<i8>(digits + 160 + i));
}

/**
 * o = sum of [k_j]P_j over the tables, with k_j from SCALARS + 32 * (first + j), plus G and U times the scalars in the slots `g` and `u`. A negative slot
 * leaves the base out.
 */
export function walkPublic(o: usize, terms: i32, first: i32, g: i32, u: i32): void {
  for (let j = 0; j < terms; j++) digitsOf(slot(DIGITS, 320, j), slot(SCALARS, 32, first + j), WIDTH);
  const gDigits = slot(DIGITS, 320, terms);
  const uDigits = gDigits + 320;
  if (g >= 0) digitsOf(gDigits, slot(SCALARS, 32, g), WIDE);
  if (u >= 0) digitsOf(uDigits, slot(SCALARS, 32, u), WIDE);
  sqr(SQUARE, SHARED);
  mul(CUBE, SQUARE, SHARED);
  scale(SCALED, BLIND, SHARED);
  fromAffine(o, SCALED);
  for (let i = LENGTH - 1; i >= 0; i--) {
    double(o, o);
    for (let j = 0; j < terms; j++) {
      const table = slot(TABLES, 16 * AFFINE, j);
      const digits = slot(DIGITS, 320, j);
      addDigit(o, table, <i32>load<i8>(digits + i));
      addDigit(o, table + 8 * AFFINE, <i32>load<i8>(digits + 160 + i));
    }
    if (g >= 0) addOdds(o, ODD_G, gDigits, i);
    if (u >= 0) addOdds(o, ODD_U, uDigits, i);
  }
  mul(o + Z, o + Z, SHARED);
  addAffine(o, o, PUBLIC_EXCESS, H);
}
