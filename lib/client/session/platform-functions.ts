// Defines the platform functions that a client uses: fetch, clock, sleep, timer, randomness. A caller may replace each.
import { systemRng, type Rng } from '../../bytes/binary.ts';

/** Platform functions that a caller may replace. The default functions work in Node and in browsers. */
export interface PlatformOptions {
  readonly fetch?: typeof fetch;
  /** Returns the time, milliseconds since 1970. */
  readonly clock?: () => number;
  /** Waits for the given milliseconds, or until the signal aborts. */
  readonly sleep?: Sleep;
  readonly timer?: Timer;
  readonly rng?: Rng;
}
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;
/** Calls `run` after the given milliseconds, unless the caller first calls the function that the timer returns. Time limits use it. */
export type Timer = (ms: number, run: () => void) => () => void;
export type Platform = Required<PlatformOptions>;

const systemSleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });

const systemTimer: Timer = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => {
    clearTimeout(timer);
  };
};

const reasonOf = (signal: AbortSignal | undefined): Error =>
  signal?.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError');

export const platformOf = (s: PlatformOptions): Platform => ({
  // Browsers refuse `fetch` if it is called as a method of another object, so an arrow function calls the global `fetch`.
  fetch: s.fetch ?? ((input, init) => fetch(input, init)),
  clock: s.clock ?? (() => Date.now()),
  sleep: s.sleep ?? systemSleep,
  timer: s.timer ?? systemTimer,
  rng: s.rng ?? systemRng,
});
