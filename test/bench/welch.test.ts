// Tests the statistics of the leak bench with known leaks and with none.
import { expect, test } from '@jest/globals';
import { largestT } from '../../bench/welch.ts';

const around = (mean: number, count = 200): number[] => Array.from({ length: count }, (_, i) => mean + (i % 7));

test('equal times are no leak, also with a long tail in both', () => {
  expect(largestT([around(100), around(100)])).toBeLessThan(1);
  expect(
    largestT([
      [...around(100), 9000],
      [...around(100), 9500],
    ]),
  ).toBeLessThan(2);
  expect(
    largestT([
      [5, 5, 5],
      [5, 5, 5],
    ]),
  ).toBe(0);
});

test('a difference in times is a leak, and a larger difference gives a larger value', () => {
  const [small, large] = [1, 5].map((more) => largestT([around(100), around(100 + more)]));
  expect(small).toBeGreaterThan(4.5);
  expect(large).toBeGreaterThan(small!);
});

test('times without any overlap are the largest leak', () => {
  expect(largestT([around(100), around(1000)])).toBe(Infinity);
  expect(
    largestT([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]),
  ).toBe(Infinity);
});
