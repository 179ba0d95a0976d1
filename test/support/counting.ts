// Generator of fixed bytes, for examples whose bytes must always be the same.
import type { Rng } from '../../lib/bytes/binary.ts';

/** Makes a generator of bytes that returns 01 02 03 and so on; each call continues where the last call ended. */
export const counting = (): Rng => {
  let next = 0;
  return (length) => Uint8Array.from({ length }, () => (next = (next + 1) & 0xff));
};
