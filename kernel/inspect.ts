// Entry file of the builds for tests and measurements: exports all of ./index, and the internal functions, which take memory addresses as arguments.
export * from './index';
export {
  mul, mulSub, mulSubMul, mulSubSqrTwice, mulTwice, sqr, sqrs, sqrSubSubTwice, sqrSubTwice, sqrThrice, sqrTwice,
} from './generated/field'; // prettier-ignore
export { canonical, carry, fromWords, inverse, root, toWords } from './field';
export { addScalars, invertScalar, mulScalars, negateScalarIf, split } from './scalar';
export { addAffine, addComplete, addJacobian, double } from './point';
export { pick } from './pick';

/** Free memory for the arguments of a test. */
export const freeAt: usize = END;
/** The end of the memory that secrets may touch. */
export const publicAt: usize = PUBLIC;

import { double, addAffine } from './point';
import { mul, sqr } from './generated/field';
import { END, PUBLIC } from './layout';

/** Repeats an operation, so that the cost of the call does not dominate a measurement: 0 multiplication, 1 squaring, 2 doubling, 3 addition. */
export function repeat(which: i32, n: i32, o: usize, a: usize, h: usize): void {
  for (let i = 0; i < n; i++) {
    if (which === 0) mul(o, o, a);
    else if (which === 1) sqr(o, o);
    else if (which === 2) double(o, o);
    else addAffine(o, o, a, h);
  }
}
