// Retries: waits before the next try, exponentially with full jitter, until tries or time are used up.
import { AppError } from '../api/errors.ts';
import { backOff } from '../bytes/back-off.ts';
import type { Rng } from '../bytes/binary.ts';
import { isTransient } from '../ports/transient-errors.ts';

export interface Patience {
  readonly tries: number;
  readonly ms: number;
}
/** Enough for eight requests that compete for the head of one trail: docs/adr/0008-waiting-for-the-head.md. */
export const NORMAL: Patience = { tries: 30, ms: 10_000 };
/** For writes that must succeed under contention: pausing, resuming and ending a grant. */
export const URGENT: Patience = { tries: 100, ms: 10_000 };

export interface Waiting {
  readonly rng: Rng;
  readonly sleep: (ms: number) => Promise<void>;
  /** Returns ms; only differences of two readings are used. */
  readonly clock: () => number;
}

/** Milliseconds. */
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

/** Turns a transient error into `busy`, after which clients try again. */
export const orBusy = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    throw isTransient(error) ? new AppError('busy', { retryAfter: 1 }) : error;
  }
};
