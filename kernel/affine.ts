// Converts points to and from affine form: decodes compressed points, and finishes all results of a call with one shared inversion.
import { mul, mulSub, sqr } from './generated/field';
import { canonical, copy, fromWords, inverse, isEqual, isZero, negateIf, root, set, swap, toWords } from './field';
import { AFFINE, HELD, INVERSES, JACOBIAN, OUT, slot, SUMS, TEMP, X, Y, Z } from './layout';

const S: usize = TEMP + 800;
const T: usize = TEMP + 840;
const SEVEN: usize = TEMP + 880;
const WORDS: usize = TEMP + 920;

/**
 * Decodes 33 bytes (SEC 1 compressed) to an affine point in canonical limbs. Returns false if there is no such point. The code branches on this result only.
 */
export function decompress(o: usize, bytes: usize): bool {
  const tag = load<u8>(bytes);
  swap(WORDS, bytes + 1);
  fromWords(S, WORDS, 29);
  canonical(o + X, S);
  let differs: i32 = 0;
  for (let i: usize = 0; i < 36; i += 4) differs |= load<i32>(S + i) ^ load<i32>(o + X + i); // not 0 if x >= p
  sqr(S, o + X);
  set(SEVEN, -7);
  mulSub(S, S, o + X, SEVEN);
  root(o + Y, S);
  sqr(T, o + Y);
  if (differs !== 0 || (tag & 0xfe) !== 2 || isEqual(S, T) === 0) return false;
  canonical(o + Y, o + Y);
  negateIf(o + Y, -((load<i32>(o + Y) ^ (<i32>tag)) & 1));
  canonical(o + Y, o + Y);
  return true;
}

/** Replaces n elements, `stride` bytes apart, by their inverses. None may be 0. `products` is scratch memory for n elements of 40 bytes. */
export function invertAll(a: usize, stride: usize, n: i32, products: usize): void {
  copy(products, a);
  for (let i = 1; i < n; i++) mul(slot(products, 40, i), slot(products, 40, i - 1), slot(a, stride, i));
  inverse(S, slot(products, 40, n - 1));
  for (let i = n - 1; i > 0; i--) {
    const at = slot(a, stride, i);
    mul(T, S, slot(products, 40, i - 1));
    mul(S, S, at);
    copy(at, T);
  }
  copy(a, S);
}

/** o = (X / Z^2, Y / Z^3). The Z of `a` must already be replaced by 1 / Z. */
export function toAffine(o: usize, a: usize): void {
  sqr(S, a + Z);
  mul(T, S, a + Z);
  mul(o + X, a + X, S);
  mul(o + Y, a + Y, T);
}

/** Converts the first n of SUMS to affine points at OUT, with their encodings and the flag for the identity. */
export function finish(n: i32): void {
  set(SEVEN, 1);
  for (let i = 0; i < n; i++) {
    const z = slot(SUMS, JACOBIAN, i) + Z;
    // The identity has Z = 0, which has no inverse; a mask replaces it by 1.
    const none = isZero(z);
    for (let j: usize = 0; j < 36; j += 4)
      store<i32>(z + j, (load<i32>(z + j) & ~none) | (load<i32>(SEVEN + j) & none));
    store<u8>(slot(OUT, HELD, i), <u8>(none & 1), 113);
  }
  invertAll(SUMS + Z, JACOBIAN, n, INVERSES);
  for (let i = 0; i < n; i++) {
    const o = slot(OUT, HELD, i);
    toAffine(o, slot(SUMS, JACOBIAN, i));
    canonical(o + X, o + X);
    canonical(o + Y, o + Y);
    encode(o + AFFINE, o);
  }
}

/** Encodes an affine point with canonical limbs, 33 bytes. */
export function encode(bytes: usize, a: usize): void {
  toWords(WORDS, a + X, 29);
  swap(WORDS, WORDS);
  memory.copy(bytes + 1, WORDS, 32);
  store<u8>(bytes, <u8>(2 | (load<i32>(a + Y) & 1)));
}
