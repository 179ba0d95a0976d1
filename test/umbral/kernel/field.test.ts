// Tests the field and scalar arithmetic of the kernel's debug build against BigInt: random values, edge cases, and limbs at their bounds.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ORDER } from '../../../lib/umbral/curve/scalar.ts';
import { cases, seeded } from '../../support/case-counts.ts';
import { debugBuild, inside, limbsOf, modP } from './debug-build.ts';

const kernel = inside(debugBuild);
const { at, call } = kernel;
const P = 2n ** 256n - 2n ** 32n - 977n;
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;
const MAX = 2 ** 29 - 1;
const LONGEST = 600_000;

const near = (x: bigint): fc.Arbitrary<bigint> => fc.bigInt(-300n, 300n).map((d) => x + d);
const elements = fc.oneof(
  fc.bigInt(0n, P - 1n),
  fc.oneof(near(0n), near(P), near(2n ** 255n), near(2n ** 128n)).map(modP),
);
/**
 * Limbs as products leave them: the limbs of an element, limbs at the ends of their range, and a third limb as far outside its range as a product can leave it.
 */
const tight = fc.oneof(
  elements.map(limbsOf),
  fc
    .tuple(...Array.from({ length: 9 }, (_, i) => fc.constantFrom(0, 1, i === 8 ? 2 ** 24 - 1 : MAX)))
    .map((l) => [...l]),
  elements.map((x) => limbsOf(x).map((limb, i) => (i === 2 ? limb - 2 ** 13 + 1 : limb))),
  elements.map((x) => limbsOf(x).map((limb, i) => (i === 2 ? MAX + 2 ** 13 - 1 : limb))),
);
const differences = fc.tuple(tight, tight).map(([a, b]) => a.map((limb, i) => limb - b[i]!));
const limbs = fc.oneof(tight, tight, differences);

type Formula = (a: bigint, b: bigint, c: bigint, d: bigint, e: bigint) => bigint;
const formulas: Readonly<Record<string, readonly [inputs: number, Formula]>> = {
  mul: [2, (a, b) => a * b],
  mulTwice: [2, (a, b) => 2n * a * b],
  sqr: [1, (a) => a * a],
  sqrTwice: [1, (a) => 2n * a * a],
  sqrThrice: [1, (a) => 3n * a * a],
  mulSub: [3, (a, b, c) => a * b - c],
  sqrSubTwice: [2, (a, c) => a * a - 2n * c],
  sqrSubSubTwice: [3, (a, c, d) => a * a - c - 2n * d],
};
/** The formulas that compute a difference themselves. They put three products of the largest values into a column, which is the most that fits. */
const fused: typeof formulas = {
  mulSubSqrTwice: [4, (a, b, c, d) => a * (b - c) - 2n * d * d],
  mulSubMul: [5, (a, b, c, d, e) => a * (b - c) - d * e],
};

describe(`field elements: the kernel agrees with BigInt for, ${seeded}`, () => {
  const check = (name: string, inputs: number, formula: Formula, arbitrary: fc.Arbitrary<number[]>): void =>
    fc.assert(
      fc.property(fc.array(arbitrary, { minLength: inputs, maxLength: inputs }), (list) => {
        list.forEach((l, i) => kernel.putLimbs(at(i + 1), l));
        call(name, at(0), ...list.map((_, i) => at(i + 1)));
        const values = list.map((l) => kernel.value(l)) as [bigint, bigint, bigint, bigint, bigint];
        expect(kernel.field(at(0))).toBe(modP(formula(...values)));
      }),
      cases(2_500),
    );

  test.each(Object.entries(formulas))('%s', (name, [n, formula]) => check(name, n, formula, limbs), LONGEST);
  test.each(Object.entries(fused))('%s', (name, [n, formula]) => check(name, n, formula, tight), LONGEST);

  test('the canonical form', () => {
    fc.assert(
      fc.property(limbs, (list) => {
        kernel.putLimbs(at(1), list);
        call('canonical', at(0), at(1));
        expect(kernel.value(kernel.limbs(at(0)))).toBe(modP(kernel.value(list)));
      }),
      cases(2_500),
    );
  }, 600_000);

  test('inverse and root', () => {
    fc.assert(
      fc.property(elements, (x) => {
        kernel.putLimbs(at(1), limbsOf(x));
        call('inverse', at(0), at(1));
        expect(modP(kernel.field(at(0)) * x)).toBe(x === 0n ? 0n : 1n);
        call('sqr', at(1), at(1));
        call('root', at(0), at(1));
        const root = kernel.field(at(0));
        expect(root === x || root === modP(-x)).toBe(true);
      }),
      cases(2_500),
    );
  }, 600_000);
});

describe(`scalars: the kernel agrees with BigInt for, ${seeded}`, () => {
  const mod = (x: bigint): bigint => ((x % ORDER) + ORDER) % ORDER;
  const scalars = fc.oneof(
    fc.bigInt(0n, ORDER - 1n),
    fc.oneof(near(0n), near(ORDER), near(ORDER / 2n), near(2n ** 128n), near(LAMBDA), near(-LAMBDA)).map(mod),
    fc.bigInt(-40n, 40n).map((k) => mod(k * LAMBDA)),
  );

  test('sum, product, opposite, inverse', () => {
    fc.assert(
      fc.property(scalars, scalars, (a, b) => {
        kernel.putWords(at(1), a);
        kernel.putWords(at(2), b);
        const result = (part: string, ...operands: readonly number[]): bigint => {
          call(part, at(0), ...operands);
          return kernel.words(at(0));
        };
        expect(result('addScalars', at(1), at(2))).toBe(mod(a + b));
        expect(result('mulScalars', at(1), at(2))).toBe(mod(a * b));
        expect(result('negateScalarIf', at(1), -1)).toBe(mod(-a));
        expect(result('negateScalarIf', at(1), 0)).toBe(a);
        expect(mod(result('invertScalar', at(1)) * a)).toBe(a === 0n ? 0n : 1n);
      }),
      cases(2_500),
    );
  }, 600_000);

  test('the two halves of a split scalar are short and add up to it', () => {
    fc.assert(
      fc.property(scalars, (k) => {
        kernel.putWords(at(1), k);
        call('split', at(0), at(1));
        const [a, b] = [kernel.words(at(0)), kernel.words(at(0) + 32)];
        expect(mod(a + b * LAMBDA)).toBe(k);
        for (const half of [a, b]) expect(half < 2n ** 128n || ORDER - half < 2n ** 128n).toBe(true);
      }),
      cases(2_500),
    );
  }, 600_000);
});
