// Tests sums of more terms than the kernel adds in one step, where the first terms add up to the identity. It runs on both backends.
import { describe, expect, test } from '@jest/globals';
import { curve } from '../../lib/umbral/curve/chosen-backend.ts';
import { ORDER, type Scalar } from '../../lib/umbral/curve/scalar.ts';
import type { Point } from '../../lib/umbral/curve/backend.ts';

const scalar = (k: bigint): Scalar => (((k % ORDER) + ORDER) % ORDER) as Scalar;
const [p, q] = curve.muls([['G', scalar(5n)], ['U', scalar(7n)]]) as [Point, Point]; // prettier-ignore
const k = scalar(0x123456789n ** 7n);
/** Makes pairs of terms whose sum is the identity. */
const nothing = (terms: number) =>
  Array.from({ length: terms }, (_, i) => [i % 3 === 0 ? q : p, i % 2 === 0 ? k : scalar(ORDER - k)] as const).flatMap(
    ([, s], i, all) => [[all[i - (i % 2)]![0], s] as const],
  );

describe.each([32, 62, 64, 96, 128])('%d terms that cancel, and one more', (count) => {
  const terms = [...nothing(count), [q, k] as const];

  test('have the last term as their sum', () => {
    const [sum] = curve.sums([terms]) as [Point];
    expect(curve.encode(sum)).toEqual(curve.encode(curve.muls([[q, k]])[0]!));
  });

  test('satisfy the equation', () => {
    expect(curve.checkLinear(terms, curve.muls([[q, k]])[0]!)).toBe(true);
    expect(curve.checkLinear(terms, p)).toBe(false);
  });

  test('without the last one sum up to the identity', () => {
    expect(() => curve.sums([nothing(count)])).toThrow('identity');
    expect(curve.checkLinear(nothing(count), p)).toBe(false);
  });
});
