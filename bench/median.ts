// Statistics of the benches: median, geometric mean, rounding, and the parsing of a count.

/** The median of at least one value. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The geometric mean of at least one value. All values must be above 0. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Parses an option as a whole number of at least 1. @throws {RangeError} */
export const countOf = <K extends string>(values: Readonly<Record<K, unknown>>, name: K): number => {
  const count = Number(values[name]);
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`--${name} is a whole number of at least 1`);
  return count;
};
