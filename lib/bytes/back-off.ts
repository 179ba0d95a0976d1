// Exponential back-off with full jitter: how long to wait before a request is repeated.
import type { Rng } from './binary.ts';

export interface BackOff {
  /** The upper limit of the first wait, milliseconds. The limit doubles with every attempt. */
  readonly first: number;
  /** The upper limit of all waits, milliseconds. */
  readonly longest: number;
}

/** Returns a random number, uniform in [0, 1). */
const fraction = (rng: Rng): number => {
  const { buffer, byteOffset } = rng(4);
  return new DataView(buffer, byteOffset).getUint32(0) / 2 ** 32;
};

/** Returns a random wait in milliseconds, from 0 to `first` times 2^`attempt`, but at most to `longest`. @param attempt 0 for the first wait */
export const backOff = (rng: Rng, attempt: number, { first, longest }: BackOff): number =>
  fraction(rng) * Math.min(longest, first * 2 ** attempt);
