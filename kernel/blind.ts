// Blinds sums: every sum starts at a random point B, and a multiple of B is subtracted at the end of the sum. This file computes B and these multiples.
// point.ts gives the reason.
import { negateIf } from './field';
import { decompress, invertAll, toAffine } from './affine';
import { double, fromAffine } from './point';
import { AFFINE, BLIND, BUILD, BYTES, JACOBIAN, Y, Z } from './layout';

/**
 * Values for each kind of sum: COMB is over a fixed base, PAIR over a pair (walk.ts), WALK has secret scalars, PUBLIC has public ones. *_DOUBLINGS is the
 * number of doublings in such a sum. After these doublings the sum contains 2^doublings B too much; *_EXCESS is the address of that multiple, negated.
 */
export const COMB_DOUBLINGS = 3;
export const PAIR_DOUBLINGS = 64;
export const WALK_DOUBLINGS = 128;
export const PUBLIC_DOUBLINGS = 130;
export const COMB_EXCESS: usize = BLIND + AFFINE;
export const PAIR_EXCESS: usize = COMB_EXCESS + AFFINE;
export const WALK_EXCESS: usize = PAIR_EXCESS + AFFINE;
export const PUBLIC_EXCESS: usize = WALK_EXCESS + AFFINE;

function keep(o: usize, a: usize): void {
  toAffine(o, a);
  negateIf(o + Y, -1);
}

/** Sets B from 33 random bytes at BYTES, of which the first is 2 or 3. About half of all such strings are no point: it then returns false. */
export function setBlind(): bool {
  if (!decompress(BLIND, BYTES)) return false;
  const p = BUILD;
  fromAffine(p, BLIND);
  let excess = COMB_EXCESS;
  for (let i = 1; i <= PUBLIC_DOUBLINGS; i++) {
    double(p, p);
    if (i !== COMB_DOUBLINGS && i !== PAIR_DOUBLINGS && i !== WALK_DOUBLINGS && i !== PUBLIC_DOUBLINGS) continue;
    memory.copy(p + JACOBIAN, p, JACOBIAN);
    invertAll(p + JACOBIAN + Z, JACOBIAN, 1, p + 2 * JACOBIAN);
    keep(excess, p + JACOBIAN);
    excess += AFFINE;
  }
  return true;
}
