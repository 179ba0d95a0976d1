// Ends the wait for the service or for storage after a time limit.
import type { Platform } from './platform-functions.ts';

/** The error for a wait that reached its time limit, because the other side was silent or too slow. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

export interface TimeLimit {
  /** Milliseconds. */
  readonly ms: number;
  /** Ends the work, for example by aborting its request. */
  readonly stop: (reason: TimeLimitError) => void;
}

/** Waits for work within a time limit. The wait ends even if the work ignores `stop`. @throws {TimeLimitError}; the errors of the work */
export const within = async <T>({ timer }: Platform, { ms, stop }: TimeLimit, work: Promise<T>): Promise<T> => {
  let cancel = (): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    cancel = timer(ms, () => {
      const reason = new TimeLimitError(`the time limit of ${ms / 1000} s is over`);
      reject(reason);
      stop(reason);
    });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    cancel();
  }
};

/** Returns a signal, and a function that aborts it. The signal also aborts with the caller's signal. */
export const stoppable = (
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly stop: (reason: Error) => void } => {
  const own = new AbortController();
  return {
    signal: signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]),
    stop: (reason) => {
      own.abort(reason);
    },
  };
};
