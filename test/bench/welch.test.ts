// The statistics of the leak bench: what it would be blind to shows here.
import { expect, test } from '@jest/globals';
import { largestT } from '../../bench/welch.ts';

const around = (mean: number, count = 200): number[] => Array.from({ length: count }, (_, i) => mean + (i % 7));

test('the same times are no leak, nor is a tail in both', () => {
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

test('a difference is one, and the greater the more so', () => {
  const [small, large] = [1, 5].map((more) => largestT([around(100), around(100 + more)]));
  expect(small).toBeGreaterThan(4.5);
  expect(large).toBeGreaterThan(small!);
});

test('times that do not meet at all are the greatest leak, not none', () => {
  expect(largestT([around(100), around(1000)])).toBe(Infinity);
  expect(
    largestT([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]),
  ).toBe(Infinity);
});
