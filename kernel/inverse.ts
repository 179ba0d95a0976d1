// Modular inversion by divsteps (Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019), in the variant with half deltas,
// which needs at most 590 steps for 256 bits. Numbers are 9 signed limbs of 30 bits; 20 batches of 30 steps run in constant time.
import { fromWords, toWords } from './field';
import { TEMP } from './layout';

const MASK: i64 = 0x3fffffff;
const D: usize = TEMP + 3640;
const E: usize = D + 40;
const F: usize = D + 80;
const G: usize = D + 120;
const U: usize = D + 160;

/** Does 30 steps on the low bits of f and g, and writes the matrix to U. Returns the new zeta = -(delta + 1/2). */
function steps(start: i32, f0: i32, g0: i32): i32 {
  let zeta = start;
  let f = f0;
  let g = g0;
  let u: i32 = 1;
  let v: i32 = 0;
  let q: i32 = 0;
  let r: i32 = 1;
  for (let i = 0; i < 30; i++) {
    const negative = zeta >> 31;
    const odd = -(g & 1);
    // If g is odd: g += f, or g -= f if delta > 0.
    g += ((f ^ negative) - negative) & odd;
    q += ((u ^ negative) - negative) & odd;
    r += ((v ^ negative) - negative) & odd;
    // If g was odd and delta > 0, f becomes the old g.
    const swaps = negative & odd;
    zeta = (zeta ^ swaps) - 1;
    f += g & swaps;
    u += q & swaps;
    v += r & swaps;
    g >>= 1;
    u <<= 1;
    v <<= 1;
  }
  store<i32>(U, u);
  store<i32>(U, v, 4);
  store<i32>(U, q, 8);
  store<i32>(U, r, 12);
  return zeta;
}

/** (f, g) = matrix * (f, g) / 2^30, without remainder. */
function updateFG(): void {
  const u = <i64>load<i32>(U);
  const v = <i64>load<i32>(U, 4);
  const q = <i64>load<i32>(U, 8);
  const r = <i64>load<i32>(U, 12);
  let f = <i64>load<i32>(F);
  let g = <i64>load<i32>(G);
  let cf = u * f + v * g;
  let cg = q * f + r * g;
  for (let i: usize = 4; i < 36; i += 4) {
    f = <i64>load<i32>(F + i);
    g = <i64>load<i32>(G + i);
    cf = (cf >> 30) + u * f + v * g;
    cg = (cg >> 30) + q * f + r * g;
    store<i32>(F + i - 4, <i32>(cf & MASK));
    store<i32>(G + i - 4, <i32>(cg & MASK));
  }
  store<i32>(F, <i32>(cf >> 30), 32);
  store<i32>(G, <i32>(cg >> 30), 32);
}

/** (d, e) = matrix * (d, e) / 2^30 mod m. Multiples of m are added so that the low bits vanish. Both results are in (-2m, m). */
function updateDE(modulus: usize): void {
  const u = <i64>load<i32>(U);
  const v = <i64>load<i32>(U, 4);
  const q = <i64>load<i32>(U, 8);
  const r = <i64>load<i32>(U, 12);
  const dNegative = <i64>(load<i32>(D, 32) >> 31);
  const eNegative = <i64>(load<i32>(E, 32) >> 31);
  let d = <i64>load<i32>(D);
  let e = <i64>load<i32>(E);
  let m = <i64>load<i32>(modulus);
  const inverse = <i64>load<i32>(modulus, 36);
  let md = (u & dNegative) + (v & eNegative);
  let me = (q & dNegative) + (r & eNegative);
  let cd = u * d + v * e;
  let ce = q * d + r * e;
  md -= (inverse * (cd & MASK) + md) & MASK;
  me -= (inverse * (ce & MASK) + me) & MASK;
  cd += m * md;
  ce += m * me;
  for (let i: usize = 4; i < 36; i += 4) {
    d = <i64>load<i32>(D + i);
    e = <i64>load<i32>(E + i);
    m = <i64>load<i32>(modulus + i);
    cd = (cd >> 30) + u * d + v * e + m * md;
    ce = (ce >> 30) + q * d + r * e + m * me;
    store<i32>(D + i - 4, <i32>(cd & MASK));
    store<i32>(E + i - 4, <i32>(ce & MASK));
  }
  store<i32>(D, <i32>(cd >> 30), 32);
  store<i32>(E, <i32>(ce >> 30), 32);
}

/** d += m & mask; then d = -d if `negate` is all ones. Carries are passed on. */
function adjust(modulus: usize, mask: i32, negate: i32): void {
  let c: i64 = 0;
  for (let i: usize = 0; i < 36; i += 4) {
    const limb = load<i32>(D + i) + (load<i32>(modulus + i) & mask);
    c = (c >> 30) + <i64>((limb ^ negate) - negate);
    store<i32>(D + i, i === 32 ? <i32>c : <i32>(c & MASK));
  }
}

/** o = 1 / a mod the modulus, or 0 if a = 0. Both have 8 words. @param modulus 9 limbs of 30 bits, followed by its inverse mod 2^30 */
export function invert(o: usize, a: usize, modulus: usize): void {
  memory.fill(D, 0, 80);
  store<i32>(E, 1);
  memory.copy(F, modulus, 36);
  fromWords(G, a, 30);
  let zeta: i32 = -1;
  for (let i = 0; i < 20; i++) {
    zeta = steps(zeta, load<i32>(F) | (load<i32>(F, 4) << 30), load<i32>(G) | (load<i32>(G, 4) << 30));
    updateDE(modulus);
    updateFG();
  }
  // Now g = 0 and f = +-1; the inverse is d with the sign of f.
  const sign = load<i32>(F, 32) >> 31;
  adjust(modulus, load<i32>(D, 32) >> 31, sign);
  adjust(modulus, load<i32>(D, 32) >> 31, 0);
  toWords(o, D, 30);
}
