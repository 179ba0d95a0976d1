// The threads that bring a blob from file to file, and what came of it.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { partCount, PART_BYTES, TAG_BYTES } from '../envelope/header.ts';
import { equalBytes } from '../bytes/binary.ts';
import { THREAD } from './thread-text.ts';
import type { Done, Fault, Told, Work } from './thread.ts';

export interface ThreadOptions {
  /** At most; no more than there are parts. As many as the machine runs side by side, up to four, unless told. */
  readonly threads?: number;
  /** Ends the work within a part or so, with its reason. */
  readonly signal?: AbortSignal;
}

/** What came of it: the digests of all parts, or the first fault; or two threads that sealed one chunk found different bytes. */
export type Outcome =
  { readonly digests: readonly Uint8Array[] } | { readonly fault: Fault | { readonly changed: true } };

/** More would wait for each other at the file that is written. */
const MOST_THREADS = 4;

const sameTag = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/** In the order of the parts. */
const outcomeOf = (told: readonly Told[]): Outcome => {
  const digests: Uint8Array[] = [];
  let before: Done | undefined;
  for (const part of told) {
    if ('fault' in part) return part;
    if (before !== undefined && !sameTag(before.goesOn, part.begun)) return { fault: { changed: true } };
    digests.push(part.digest);
    before = part;
  }
  return { digests };
};

/**
 * Seals or opens all parts.
 * @throws {RangeError} for a number of threads that is none; {Error} what the system says of a file; the signal's reason. No thread works any more by then
 */
export const inThreads = async (
  work: Omit<Work, 'part' | 'tag' | 'next'>,
  { threads = Math.min(availableParallelism(), MOST_THREADS), signal }: ThreadOptions,
): Promise<Outcome> => {
  if (!Number.isSafeInteger(threads) || threads < 1) throw new RangeError('threads: a whole number from 1');
  signal?.throwIfAborted();
  const parts = partCount(work.blob);
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const stop = (): void => void Atomics.store(next, 0, parts);
  const workerData: Work = { ...work, part: PART_BYTES, tag: TAG_BYTES, next };
  const told: Told[] = [];

  const thread = async (): Promise<void> => {
    try {
      await new Promise<void>((resolve, reject) => {
        // What this process was told to load or to do otherwise is not for it: a preload may hold a thread for ever.
        const worker = new Worker(THREAD, { eval: true, execArgv: [], env: {}, workerData });
        let failure: Error | undefined;
        worker.on('message', (part: Told) => told.push(part));
        worker.on('error', (error: Error) => (failure = error));
        worker.on('exit', () => (failure === undefined ? resolve() : reject(failure)));
      });
    } catch (error) {
      stop();
      throw error;
    }
  };

  signal?.addEventListener('abort', stop);
  try {
    const ended = await Promise.allSettled(Array.from({ length: Math.min(threads, parts) }, thread));
    signal?.throwIfAborted();
    for (const { reason } of ended.filter((e) => e.status === 'rejected')) throw reason;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  told.sort((a, b) => a.part - b.part);
  const outcome = outcomeOf(told);
  if ('digests' in outcome && outcome.digests.length < parts) throw new Error('a thread ended before its parts did');
  return outcome;
};
