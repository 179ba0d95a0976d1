// Chooses how long the client waits before it repeats a request.
import { backOff } from '../../bytes/back-off.ts';
import type { Rng } from '../../bytes/binary.ts';

/** Limits of the wait, milliseconds. */
const LIMITS = { first: 100, longest: 5_000 };

/**
 * Returns the milliseconds to wait before the next try: random, from 0 to 100 ms, then to 200 ms, 400 ms, ... and at most 5 s.
 * @param attempt 0 for the first wait
 */
export const retryWait = (rng: Rng, attempt: number): number => backOff(rng, attempt, LIMITS);
