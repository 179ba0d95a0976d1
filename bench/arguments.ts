// Parses command-line arguments of the benches.

/** Parses an option as a whole number of at least 1. @throws {RangeError} */
export const countOf = <K extends string>(values: Readonly<Record<K, unknown>>, name: K): number => {
  const count = Number(values[name]);
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`--${name} is a whole number of at least 1`);
  return count;
};
