// Ends waiting for the other side after a time limit.
import type { Platform } from './platform.ts';

/** The other side was silent, or slower than the limit. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

export interface TimeLimit {
  /** Milliseconds. */
  readonly ms: number;
  /** Ends the work, such as the abort of its request. */
  readonly stop: (reason: TimeLimitError) => void;
}

/** Waits for work within a time limit, also if the work ignores `stop`. @throws {TimeLimitError}; the errors of the work */
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

/** A signal that aborts with the caller's, and a function that aborts it alone. */
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
