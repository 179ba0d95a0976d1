// Scalars: integers modulo n as 8 little-endian words of 32 bits. Constant time.
import { invert } from './inverse';
import { TEMP } from './layout';
import {
  COMPLEMENT, COMB_SHIFT, G1, G2, HALF, LAMBDA, MINUS_B1, MINUS_B2, ORDER, ORDER_LIMBS, TWO_128, WALK_SHIFT,
} from './generated/constants'; // prettier-ignore

const PRODUCT: usize = TEMP + 3200; // 17 words
const FOLDED: usize = TEMP + 3280;

/** o = a - (n & mask). Returns the borrow: all ones or 0. */
function subtractOrder(o: usize, a: usize, mask: u64): i32 {
  let c: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    c = (c >> 32) + <i64>(<u64>load<u32>(a + i)) - <i64>((<u64>load<u32>(ORDER + i)) & mask);
    store<u32>(o + i, <u32>c);
  }
  return <i32>(c >> 32);
}

/** o = (a + carry * 2^256) mod n. The number in brackets must be below 2n. */
export function reduceOnce(o: usize, a: usize, carry: u32): void {
  const t = TEMP + 3360;
  const borrow = subtractOrder(t, a, 0xffffffff);
  const keep = (<u32>borrow) & (carry - 1);
  for (let i: usize = 0; i < 32; i += 4) store<u32>(o + i, (load<u32>(a + i) & keep) | (load<u32>(t + i) & ~keep));
}

export function addScalars(o: usize, a: usize, b: usize): void {
  let c: u64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    c = (c >> 32) + <u64>load<u32>(a + i) + <u64>load<u32>(b + i);
    store<u32>(o + i, <u32>c);
  }
  reduceOnce(o, o, <u32>(c >> 32));
}

/** o = n - a if the mask is all ones and a is not 0, otherwise a. */
export function negateScalarIf(o: usize, a: usize, mask: i32): void {
  const t = TEMP + 3360;
  let bits: u32 = 0;
  let c: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    bits |= load<u32>(a + i);
    c = (c >> 32) + <i64>(<u64>load<u32>(ORDER + i)) - <i64>(<u64>load<u32>(a + i));
    store<u32>(t + i, <u32>c);
  }
  const take = (<u32>mask) & (<u32>((<i32>(bits | -bits)) >> 31));
  for (let i: usize = 0; i < 32; i += 4) store<u32>(o + i, (load<u32>(t + i) & take) | (load<u32>(a + i) & ~take));
}

/** o[n + m words] = a[n words] * b[m words]. */
function multiply(o: usize, a: usize, n: usize, b: usize, m: usize): void {
  memory.fill(o, 0, 4 * (n + m));
  for (let i: usize = 0; i < n; i++) {
    const x = <u64>load<u32>(a + 4 * i);
    let c: u64 = 0;
    for (let j: usize = 0; j < m; j++) {
      const at = o + 4 * (i + j);
      c = (c >> 32) + x * <u64>load<u32>(b + 4 * j) + <u64>load<u32>(at);
      store<u32>(at, <u32>c);
    }
    store<u32>(o + 4 * (i + m), <u32>(c >> 32));
  }
}

/** PRODUCT = its low 8 words + its upper `high` words times 2^256 - n. The result has max(high + 5, 8) words and a carry. */
function fold(high: usize): void {
  multiply(FOLDED, PRODUCT + 32, high, COMPLEMENT, 5);
  const length = high + 5;
  memory.fill(PRODUCT + 32, 0, 40);
  memory.fill(FOLDED + 4 * length, 0, 80 - 4 * length);
  let c: u64 = 0;
  for (let i: usize = 0; i < 56; i += 4) {
    c = (c >> 32) + <u64>load<u32>(PRODUCT + i) + <u64>load<u32>(FOLDED + i);
    store<u32>(PRODUCT + i, <u32>c);
  }
}

export function mulScalars(o: usize, a: usize, b: usize): void {
  multiply(PRODUCT, a, 8, b, 8);
  fold(8); // below 2^386
  fold(5); // below 2^260
  fold(1); // below 2^256 + 2^133
  reduceOnce(o, PRODUCT, load<u32>(PRODUCT, 32));
}

export function invertScalar(o: usize, a: usize): void {
  invert(o, a, ORDER_LIMBS);
}

/** o = round(a * g / 2^384): 4 words, followed by 4 words of zeros. The highest bit of the part that is cut off decides the rounding. */
function roundedShare(o: usize, a: usize, g: usize): void {
  multiply(PRODUCT, a, 8, g, 8);
  let c = (<u64>(load<u32>(PRODUCT, 44) >> 31)) << 32;
  for (let i: usize = 0; i < 16; i += 4) {
    c = (c >> 32) + <u64>load<u32>(PRODUCT + 48 + i);
    store<u32>(o + i, <u32>c);
  }
  memory.fill(o + 16, 0, 16);
}

/** Splits k into two halves that are within +-2^128 mod n: k = o[0..8] + lambda * o[8..16] mod n (Gallant, Lambert and Vanstone). */
export function split(o: usize, k: usize): void {
  const c1 = TEMP + 3400;
  const c2 = c1 + 32;
  roundedShare(c1, k, G1);
  roundedShare(c2, k, G2);
  mulScalars(c1, c1, MINUS_B1);
  mulScalars(c2, c2, MINUS_B2);
  const second = o + 32;
  addScalars(second, c1, c2);
  mulScalars(c1, second, LAMBDA);
  negateScalarIf(c1, c1, -1);
  addScalars(o, k, c1);
}

/**
 * Writes signed digits that are never zero: k = sum (2 b_i - 1) 2^i over the l bits b of v, with v = (k + 2^l - 1) / 2.
 * This is for the two GLV halves of a sum, l = 132; each half is shifted by 2^128 so that it is positive.
 */
export function walkDigits(o: usize, k: usize): void {
  mulScalars(o, k, HALF);
  addScalars(o, o, WALK_SHIFT);
  split(o, o);
  addScalars(o, o, TWO_128);
  addScalars(o + 32, o + 32, TWO_128);
}

/** Writes the signed digits for the fixed bases: as {@link walkDigits}, but without halves, with l = 264. The last of the 9 words is 0. */
export function combDigits(o: usize, k: usize): void {
  mulScalars(o, k, HALF);
  addScalars(o, o, COMB_SHIFT);
  store<u32>(o, 0, 32);
}
