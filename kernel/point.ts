// Point arithmetic on y^2 = x^3 + 7. Jacobian (X : Y : Z) is (X / Z^2, Y / Z^3); Z = 0 is the identity. In memory, an affine point is a Jacobian one without Z.
//
// `addAffine` is incomplete: its two points must be distinct, not opposite, and neither the identity. Sums are complete nevertheless, because each one
// starts at a random point B (blind.ts): each partial sum is then a multiple of B plus a term that does not depend on B. A partial sum equals
// the point that is added to it, or its opposite, with a probability under 2^-240, for any choice of scalars and points.
import {
  mul, mulSub, mulSubMul, mulSubSqrTwice, mulTwice, sqr, sqrSubSubTwice, sqrSubTwice, sqrThrice, sqrTwice,
} from './generated/field'; // prettier-ignore
import { add, copy, isEqual, isZero, set, sub, times } from './field';
import { JACOBIAN, TEMP, X, Y, Z } from './layout';

const A: usize = TEMP;
const B: usize = TEMP + 40;
const C: usize = TEMP + 80;
const D: usize = TEMP + 120;
const E: usize = TEMP + 160;

/** o = 2a. With M = 3X^2, W = 2Y^2, S = 2XW: (M^2 - 2S : M (S - X') - 2W^2 : 2YZ). */
export function double(o: usize, a: usize): void {
  sqrThrice(A, a + X);
  sqrTwice(B, a + Y);
  mulTwice(C, a + X, B);
  mulTwice(o + Z, a + Y, a + Z);
  sqrSubTwice(o + X, A, C);
  mulSubSqrTwice(o + Y, A, C, o + X, B);
}

/** o = a + b, where b is affine. `ratio` receives H, the factor by which Z grows. */
export function addAffine(o: usize, a: usize, b: usize, ratio: usize): void {
  sqr(A, a + Z);
  mulSub(ratio, b + X, A, a + X); // H
  mul(B, a + Z, A);
  mulSub(C, b + Y, B, a + Y); // R
  mul(o + Z, a + Z, ratio);
  sqr(B, ratio);
  mul(D, ratio, B); // H^3
  mul(E, a + X, B); // V
  sqrSubSubTwice(o + X, C, D, E);
  mulSubMul(o + Y, C, E, o + X, a + Y, D);
}

export const H: usize = TEMP + 240;

export function fromAffine(o: usize, a: usize): void {
  memory.copy(o, a, Z);
  set(o + Z, 1);
}

/** o = the affine point (x z^2, y z^3), on the isomorphic curve on which Z = z counts as 1. */
export function scale(o: usize, a: usize, z: usize): void {
  sqr(A, z);
  mul(B, A, z);
  mul(o + X, a + X, A);
  mul(o + Y, a + Y, B);
}

/** Converts Jacobian to homogeneous coordinates: (XZ : Y : Z^3). The identity becomes (0 : Y : 0). */
export function toHomogeneous(o: usize, a: usize): void {
  mul(o + X, a + X, a + Z);
  copy(o + Y, a + Y);
  sqr(A, a + Z);
  mul(o + Z, A, a + Z);
}

/** Converts homogeneous to Jacobian coordinates: (XZ : YZ^2 : Z). For the identity a mask sets Y = 1, because (0 : 0 : 0) is not a valid point. */
export function toJacobian(o: usize, a: usize): void {
  mul(o + X, a + X, a + Z);
  sqr(A, a + Z);
  mul(o + Y, a + Y, A);
  copy(o + Z, a + Z);
  const none = isZero(o + Z);
  for (let i: usize = 0; i < 36; i += 4) store<i32>(o + Y + i, load<i32>(o + Y + i) & ~none);
  store<i32>(o + Y, load<i32>(o + Y) | (none & 1));
}

const P: usize = TEMP + 280;
const Q: usize = P + JACOBIAN;
const T: usize = Q + JACOBIAN;

/** o = (a + b)(c + d) - e - f */
function crossed(o: usize, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize): void {
  add(A, a, b);
  add(B, c, d);
  mul(o, A, B);
  sub(o, o, e);
  sub(o, o, f);
}

/** o = a + b for any two homogeneous points: Renes, Costello and Batina, "Complete addition formulas", algorithm 7 (b3 = 21). */
export function addComplete(o: usize, a: usize, b: usize): void {
  const xx = T;
  const yy = T + 40;
  const zz = T + 80;
  const xy = T + 120;
  const yz = T + 160;
  const xz = T + 200;
  mul(xx, a + X, b + X);
  mul(yy, a + Y, b + Y);
  mul(zz, a + Z, b + Z);
  crossed(xy, a + X, a + Y, b + X, b + Y, xx, yy);
  crossed(yz, a + Y, a + Z, b + Y, b + Z, yy, zz);
  crossed(xz, a + X, a + Z, b + X, b + Z, xx, zz);
  times(xx, xx, 3);
  times(zz, zz, 21);
  times(xz, xz, 21);
  add(C, yy, zz);
  sub(D, yy, zz);
  mul(E, yz, xz);
  mul(o + X, xy, D);
  sub(o + X, o + X, E);
  mul(E, xz, xx);
  mul(o + Y, D, C);
  add(o + Y, o + Y, E);
  mul(E, xx, xy);
  mul(o + Z, C, yz);
  add(o + Z, o + Z, E);
}

/** o = a + b for any two Jacobian points. */
export function addJacobian(o: usize, a: usize, b: usize): void {
  toHomogeneous(P, a);
  toHomogeneous(Q, b);
  addComplete(P, P, Q);
  toJacobian(o, P);
}

/** Checks that a Jacobian point equals an affine one, without an inversion. The answer is public. */
export function equalsAffine(a: usize, b: usize): bool {
  scale(P, b, a + Z);
  return (isEqual(P + X, a + X) & isEqual(P + Y, a + Y) & ~isZero(a + Z)) !== 0;
}
