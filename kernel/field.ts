// Field elements: representation, comparison, square roots and inverses. Constant time throughout. The fast products are generated (scripts/kernel/field.ts).
import { mul, sqr, sqrs } from './generated/field';
import { invert } from './inverse';
import { FIELD, TEMP } from './layout';
import { FIELD_PRIME } from './generated/constants';

export const MASK29: i64 = 0x1fffffff;
const TOP: i64 = 0xffffff;
const LIMBS: usize = FIELD;

export function copy(o: usize, a: usize): void {
  memory.copy(o, a, LIMBS);
}

export function set(o: usize, value: i32): void {
  memory.fill(o, 0, LIMBS);
  store<i32>(o, value);
}

/** Does one pass of carries. The input limbs fit into i32. The output limbs are in [0, 2^29), but the last one may be slightly outside of [0, 2^24). */
export function carry(o: usize, a: usize): void {
  const top = <i64>load<i32>(a, 32);
  const t = top >> 24;
  let c = <i64>load<i32>(a) + 977 * t;
  store<i32>(o, <i32>(c & MASK29));
  c = (c >> 29) + <i64>load<i32>(a, 4) + (t << 3);
  store<i32>(o, <i32>(c & MASK29), 4);
  for (let i: usize = 8; i < 32; i += 4) {
    c = (c >> 29) + <i64>load<i32>(a + i);
    store<i32>(o + i, <i32>(c & MASK29));
  }
  store<i32>(o, <i32>((c >> 29) + (top & TOP)), 32);
}

/** o = the canonical form of a: the same value in [0, p). */
export function canonical(o: usize, a: usize): void {
  carry(o, a);
  carry(o, o);
  // v + 2^256 - p is at least 2^256 exactly if v >= p.
  let c = <i64>load<i32>(o) + 977;
  c = (c >> 29) + <i64>load<i32>(o, 4) + 8;
  for (let i: usize = 8; i < 36; i += 4) c = (c >> 29) + <i64>load<i32>(o + i);
  const over = c >> 24;
  c = <i64>load<i32>(o) + 977 * over;
  store<i32>(o, <i32>(c & MASK29));
  c = (c >> 29) + <i64>load<i32>(o, 4) + 8 * over;
  store<i32>(o, <i32>(c & MASK29), 4);
  for (let i: usize = 8; i < 32; i += 4) {
    c = (c >> 29) + <i64>load<i32>(o + i);
    store<i32>(o + i, <i32>(c & MASK29));
  }
  c = (c >> 29) + <i64>load<i32>(o, 32);
  store<i32>(o, <i32>(c & TOP), 32);
}

export function add(o: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 36; i += 4) store<i32>(o + i, load<i32>(a + i) + load<i32>(b + i));
  carry(o, o);
}

export function sub(o: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 36; i += 4) store<i32>(o + i, load<i32>(a + i) - load<i32>(b + i));
  carry(o, o);
}

/** o = a * k for a small k. The limbs of `a` have the bounds of a product's result. */
export function times(o: usize, a: usize, k: i32): void {
  let c: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    c = (c >> 29) + <i64>load<i32>(a + i) * <i64>k;
    store<i32>(o + i, <i32>(c & MASK29));
  }
  store<i32>(o, <i32>((c >> 29) + <i64>load<i32>(a, 32) * <i64>k), 32);
  carry(o, o);
}

/** Returns all ones if a = 0 mod p, otherwise 0. */
export function isZero(a: usize): i32 {
  const t = TEMP + 3900;
  canonical(t, a);
  let bits: i32 = 0;
  for (let i: usize = 0; i < 36; i += 4) bits |= load<i32>(t + i);
  return ~((bits | -bits) >> 31);
}

export function isEqual(a: usize, b: usize): i32 {
  const t = TEMP + 3940;
  for (let i: usize = 0; i < 36; i += 4) store<i32>(t + i, load<i32>(a + i) - load<i32>(b + i));
  return isZero(t);
}

/** o = -o if the mask is all ones. */
export function negateIf(o: usize, mask: i32): void {
  for (let i: usize = 0; i < 36; i += 4) store<i32>(o + i, (load<i32>(o + i) ^ mask) - mask);
}

/** Splits 8 little-endian words into limbs of `bits` bits. */
export function fromWords(o: usize, words: usize, bits: i32): void {
  const mask: u64 = ((<u64>1) << bits) - 1;
  for (let i = 0; i < 8; i++) {
    const at = i * bits;
    store<i32>(o + 4 * i, <i32>((load<u64>(words + 4 * (at >> 5)) >> (at & 31)) & mask));
  }
  store<i32>(o, <i32>(load<u32>(words, 28) >> ((8 * bits) & 31)), 32);
}

/** Joins limbs to 8 little-endian words. Each limb must be in [0, 2^bits). */
export function toWords(words: usize, a: usize, bits: i32): void {
  let held: u64 = 0;
  let count = 0;
  let word = 0;
  for (let i = 0; i < 9; i++) {
    held |= (<u64>(<u32>load<i32>(a + 4 * i))) << count;
    count += bits;
    if (count >= 32 && word < 8) {
      store<u32>(words + 4 * word++, <u32>held);
      held >>= 32;
      count -= 32;
    }
  }
  if (word < 8) store<u32>(words, <u32>held, 28);
}

/** Converts 32 big-endian bytes to 8 little-endian words, or back. */
export function swap(o: usize, a: usize): void {
  for (let i: usize = 0; i < 16; i += 4) {
    const low = bswap<u32>(load<u32>(a + i));
    const high = bswap<u32>(load<u32>(a + 28 - i));
    store<u32>(o + i, high);
    store<u32>(o + 28 - i, low);
  }
}

/** o = 1 / a; o = 0 if a = 0. */
export function inverse(o: usize, a: usize): void {
  const words = TEMP + 3840;
  canonical(o, a);
  toWords(words, o, 29);
  invert(words, words, FIELD_PRIME);
  fromWords(o, words, 29);
}

/** o = a^((p + 1) / 4): a square root, if there is one. The exponent is 223 ones, a zero, 22 ones, 4 zeros, 2 ones and 2 zeros. */
export function root(o: usize, a: usize): void {
  const t = TEMP + 3480;
  const x2 = t;
  const x3 = t + 40;
  const x22 = t + 80;
  const x44 = t + 120;
  const x88 = t + 160;
  const x = t + 200;
  sqr(x, a);
  mul(x2, x, a);
  sqr(x, x2);
  mul(x3, x, a);
  sqrs(x, x3, 3);
  mul(x, x, x3); // 6 ones
  sqrs(x, x, 3);
  mul(x, x, x3); // 9
  sqrs(x, x, 2);
  mul(x44, x, x2); // 11
  sqrs(x, x44, 11);
  mul(x22, x, x44);
  sqrs(x, x22, 22);
  mul(x44, x, x22);
  sqrs(x, x44, 44);
  mul(x88, x, x44);
  sqrs(x, x88, 88);
  mul(x, x, x88); // 176
  sqrs(x, x, 44);
  mul(x, x, x44); // 220
  sqrs(x, x, 3);
  mul(x, x, x3); // 223
  sqrs(x, x, 23);
  mul(x, x, x22);
  sqrs(x, x, 6);
  mul(x, x, x2);
  sqrs(o, x, 2);
}
