// Retries: waits before the next try, exponentially with full jitter, until tries or time are used up.
import { AppError } from '../api/errors.ts';
import { backOff } from '../bytes/back-off.ts';
import type { Rng } from '../bytes/binary.ts';
import { isTransient } from '../ports/transient-errors.ts';

export interface Patience {
  readonly tries: number;
  readonly ms: number;
}
/** The usual limits. They are enough for eight requests that compete for the head of one trail: docs/adr/0008-waiting-for-the-head.md. */
export const NORMAL: Patience = { tries: 30, ms: 10_000 };
/** The limits for writes that must succeed even if many others compete: pausing, resuming and ending a grant. */
export const URGENT: Patience = { tries: 100, ms: 10_000 };

export interface Waiting {
  readonly rng: Rng;
  readonly sleep: (ms: number) => Promise<void>;
  /** Returns a time in ms. Only the difference of two times is used, so it may begin anywhere. */
  readonly clock: () => number;
}

/** Upper bounds of the first wait and of every wait, ms. */
const BACK_OFF = { first: 20, longest: 400 };

/**
 * Returns a function that waits before the next try.
 * @throws {AppError} the returned function throws `busy` when tries or time are used up
 */
export const patiently = ({ rng, sleep, clock }: Waiting, { tries, ms }: Patience): (() => Promise<void>) => {
  const deadline = clock() + ms;
  let made = 1;
  return async () => {
    const wait = backOff(rng, made, BACK_OFF);
    if (made >= tries || clock() + wait > deadline) throw new AppError('busy', { retryAfter: 1 });
    made += 1;
    await sleep(wait);
  };
};

/** Runs a call of AWS, and throws `busy` instead of a transient error. Clients try again after `busy`. */
export const orBusy = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    throw isTransient(error) ? new AppError('busy', { retryAfter: 1 }) : error;
  }
};
