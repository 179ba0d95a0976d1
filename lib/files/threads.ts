// The threads that bring a blob from file to file, and what came of it.
import { availableParallelism } from 'node:os';
import { partCount, PART_BYTES, TAG_BYTES } from '../envelope/header.ts';
import { equalBytes } from '../bytes/binary.ts';
import { MOST_THREADS, takeThread, type Thread } from './pool.ts';
import type { Done, Fault, PartTold, Shared, Work } from './thread.ts';

export interface ThreadOptions {
  /** At most; no more than there are parts. As many as the machine runs side by side, up to four, unless told. */
  readonly threads?: number;
  /** Ends the work within a chunk or so, with its reason. */
  readonly signal?: AbortSignal;
}

/** What came of it: the digests of all parts, or the first fault; or two threads that read one chunk found different bytes. */
export type Outcome =
  { readonly digests: readonly Uint8Array[] } | { readonly fault: Fault | { readonly changed: true } };

const sameTag = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/** In the order of the parts. */
const outcomeOf = (told: readonly PartTold[]): Outcome => {
  const digests: Uint8Array[] = [];
  let before: Done | undefined;
  for (const part of told.toSorted((a, b) => a.part - b.part)) {
    if ('fault' in part) return part;
    if (before !== undefined && !sameTag(before.goesOn, part.begun)) return { fault: { changed: true } };
    digests.push(part.digest);
    before = part;
  }
  return { digests };
};

/** What the threads have to do, but for what is the same for every blob or known here. */
export type Task = Omit<Work, 'part' | 'tag' | 'threads' | 'shared'>;

const cell = (value: number) => {
  const one = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  one[0] = value;
  return one;
};
export const sharedFor = (parts: number): Shared => ({ next: cell(0), limit: cell(parts), writing: cell(0) });

const work = async (threads: readonly Thread[], task: Task, signal: AbortSignal | undefined): Promise<Outcome> => {
  signal?.throwIfAborted();
  const parts = partCount(task.blob);
  const shared = sharedFor(parts);
  const stop = (): void => void Atomics.store(shared.limit, 0, 0);
  const whole: Work = { ...task, part: PART_BYTES, tag: TAG_BYTES, threads: threads.length, shared };
  const told: PartTold[] = [];

  const share = async (thread: Thread): Promise<void> => {
    try {
      await thread.run(whole, (part) => told.push(part));
    } catch (error) {
      stop();
      throw error;
    }
  };

  signal?.addEventListener('abort', stop);
  try {
    const done = await Promise.allSettled(threads.map(share));
    signal?.throwIfAborted();
    for (const { reason } of done.filter((d) => d.status === 'rejected')) throw reason;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  const outcome = outcomeOf(told);
  if ('digests' in outcome && outcome.digests.length < parts) throw new Error('a thread ended before its parts did');
  return outcome;
};

/**
 * Has threads at hand for a blob of so many bytes. It takes them a while to start, which goes on while `use` finds out what they have to do, and gets it done by `work`. No thread works any more when this is settled.
 * `work` rejects with what the system says of a file, or the signal's reason.
 * @throws {RangeError} for a number of threads that is none; whatever `use` throws
 */
export const withThreads = async <T>(
  blob: number,
  { threads = Math.min(availableParallelism(), MOST_THREADS), signal }: ThreadOptions,
  use: (work: (task: Task) => Promise<Outcome>) => Promise<T>,
): Promise<T> => {
  if (!Number.isSafeInteger(threads) || threads < 1) throw new RangeError('threads: a whole number from 1');
  const taken: Thread[] = [];
  try {
    while (taken.length < Math.min(threads, partCount(blob))) taken.push(takeThread());
    return await use((task) => work(taken, task, signal));
  } finally {
    for (const thread of taken) thread.release();
  }
};
