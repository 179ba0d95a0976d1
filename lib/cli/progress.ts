// Shows the progress of a transfer on a terminal, in one line that is overwritten. Elsewhere nothing is shown.
import { sizeText } from './format.ts';
import type { Io } from './io.ts';
import type { CommonOptions } from './session.ts';

/** Shortest time between two reports, milliseconds. */
const PAUSE = 200;
const CLEAR = '\r\u001b[K';

/** One report: bytes so far and bytes each second. Pure. */
export const progressText = (what: string, bytes: number, ms: number): string =>
  `${what}: ${sizeText(bytes)}${ms > 0 ? `, ${sizeText(Math.round((bytes * 1000) / ms))}/s` : ''}`;

export interface Progress {
  readonly show: (bytes: number) => void;
  /** Removes the line. */
  readonly end: () => Promise<void>;
}

export const reportProgress = (io: Io, { json }: CommonOptions, what: string): Progress => {
  if (json === true || !io.err.isTerminal) return { show: () => undefined, end: () => Promise.resolve() };
  const begun = io.clock();
  let last = begun;
  return {
    show: (bytes) => {
      const now = io.clock();
      if (now - last < PAUSE) return;
      last = now;
      void io.err.write(CLEAR + progressText(what, bytes, now - begun));
    },
    end: () => (last === begun ? Promise.resolve() : io.err.write(CLEAR)),
  };
};
