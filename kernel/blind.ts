// Blinding of sums: computes the random point B at which every sum starts, and the multiples of B that are subtracted at its end. point.ts says why.
import { negateIf } from './field';
import { decompress, invertAll, toAffine } from './affine';
import { double, fromAffine } from './point';
import { AFFINE, BLIND, BUILD, BYTES, JACOBIAN, Y, Z } from './layout';

/** The number of doublings in a sum over fixed bases, over a pair, of secret and of public scalars; and the addresses of the negated excess of each. */
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

/** Sets B from 33 random bytes at BYTES, of which the first is 2 or 3. About every second draw is not a point; it then returns false. */
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
