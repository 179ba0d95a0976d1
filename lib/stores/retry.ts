// Waiting before a further try: exponential, full jitter, until the patience is out.
import { AppError } from '../api/errors.ts';
import { backOff } from '../bytes/back-off.ts';
import type { Rng } from '../bytes/binary.ts';

export interface Patience {
  readonly tries: number;
  readonly ms: number;
}
/** Eight who want the head of one trail all get it within this: docs/adr/0008-waiting-for-the-head.md. */
export const NORMAL: Patience = { tries: 30, ms: 10_000 };
/** For what must win: ending a grant. */
export const URGENT: Patience = { tries: 100, ms: 10_000 };

export interface Waiting {
  readonly rng: Rng;
  readonly sleep: (ms: number) => Promise<void>;
  /** Ms; only differences are used. */
  readonly clock: () => number;
}

/** Milliseconds. */
const BACK_OFF = { first: 20, longest: 400 };

/**
 * Gives a function that waits before the next try.
 * @throws {AppError} (that function) `busy` when tries or time are used up
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

const TRANSIENT = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TransactionInProgressException',
  'TransactionConflictException',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'AbortError',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
]);

const member = (error: object, name: string): unknown => (error as Record<string, unknown>)[name];

/** Whether the same may succeed a little later, and nothing is known of this time. */
export const isTransient = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  const metadata = member(error, '$metadata');
  const status = typeof metadata === 'object' && metadata !== null ? member(metadata, 'httpStatusCode') : undefined;
  return (
    TRANSIENT.has(String(member(error, 'name'))) ||
    TRANSIENT.has(String(member(error, 'code'))) ||
    (typeof status === 'number' && status >= 500)
  );
};

/** Answers a store that is overloaded as `busy`, which clients know how to take. */
export const orBusy = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    throw isTransient(error) ? new AppError('busy', { retryAfter: 1 }) : error;
  }
};
