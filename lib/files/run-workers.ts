// Starts worker threads that seal or open one file, shares its parts among them, and gathers the digests.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { equalBytes } from '../bytes/binary.ts';
import { partCount, PART_BYTES, TAG_BYTES } from '../envelope/header.ts';
import { WORKER } from './worker.generated.ts';
import type { Done, Fault, PartMessage, Shared, Work, WorkerMessage } from './worker.ts';

export interface ThreadOptions {
  /** At most; no more than there are parts. As many as the machine runs side by side, up to four, unless given. */
  readonly threads?: number;
  /** Ends the work within a chunk or so, with its reason. */
  readonly signal?: AbortSignal;
}

/** The digests of all parts, or the first fault. `changed`: two workers that read the same chunk found different bytes. */
export type Outcome =
  { readonly digests: readonly Uint8Array[] } | { readonly fault: Fault | { readonly changed: true } };

/** More would wait for each other at the file that is written. */
const MOST_THREADS = 4;

const sameTag = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/** In the order of the parts. */
const outcomeOf = (messages: readonly PartMessage[]): Outcome => {
  const digests: Uint8Array[] = [];
  let before: Done | undefined;
  for (const message of messages.toSorted((a, b) => a.part - b.part)) {
    if ('fault' in message) return message;
    if (before !== undefined && !sameTag(before.goesOn, message.begun)) return { fault: { changed: true } };
    digests.push(message.digest);
    before = message;
  }
  return { digests };
};

const endedEarly = (): Error => new Error('a thread ended before its parts did');

interface Started {
  readonly worker: Worker;
  /** Settled when the thread has ended; rejects with its failure. */
  readonly ended: Promise<void>;
}
const startWorker = (): Started => {
  // The worker takes no preloads and no options of this process: a preload may hold a thread for ever.
  const worker = new Worker(WORKER, { eval: true, execArgv: [], env: {} });
  const ended = new Promise<void>((resolve, reject) => {
    let failure: Error | undefined;
    worker.on('error', (error: Error) => (failure = error));
    worker.on('exit', () => (failure === undefined ? resolve() : reject(failure)));
  });
  // Reported to the caller that runs the worker; unhandled it would end the process.
  ended.catch(() => undefined);
  return { worker, ended };
};

/** Settled when the worker is done; rejects where it ended before that, with its failure if it has one. */
const runOne = ({ worker, ended }: Started, work: Work, hear: (message: PartMessage) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => (message === 'done' ? resolve() : hear(message)));
    ended.then(() => reject(endedEarly()), reject);
    worker.postMessage(work);
  });

/** The work on one file. Sizes that are the same for every blob, and counters, are added here. */
export type Task = Omit<Work, 'part' | 'tag' | 'threads' | 'shared'>;

const counter = (value: number) => {
  const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  cell[0] = value;
  return cell;
};
export const sharedFor = (parts: number): Shared => ({ next: counter(0), limit: counter(parts), writing: counter(0) });

const runAll = async (workers: readonly Started[], task: Task, signal: AbortSignal | undefined): Promise<Outcome> => {
  signal?.throwIfAborted();
  const parts = partCount(task.blob);
  const shared = sharedFor(parts);
  const stop = (): void => void Atomics.store(shared.limit, 0, 0);
  const work: Work = { ...task, part: PART_BYTES, tag: TAG_BYTES, threads: workers.length, shared };
  const messages: PartMessage[] = [];

  const run = async (worker: Started): Promise<void> => {
    try {
      await runOne(worker, work, (message) => messages.push(message));
    } catch (error) {
      stop();
      throw error;
    }
  };

  signal?.addEventListener('abort', stop);
  try {
    const results = await Promise.allSettled(workers.map(run));
    signal?.throwIfAborted();
    for (const { reason } of results.filter((result) => result.status === 'rejected')) throw reason;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  const outcome = outcomeOf(messages);
  if ('digests' in outcome && outcome.digests.length < parts) throw endedEarly();
  return outcome;
};

/**
 * Starts worker threads for a blob of this length, calls `use`, and ends them. A thread takes 25 ms to start, so it starts while `use` derives keys and opens
 * files; `use` then calls `run`, once. No worker touches a file any more when this is settled.
 * `run` rejects with what the system says of a file, or the signal's reason.
 * @throws {RangeError} where `threads` is no whole number from 1; whatever `use` throws
 */
export const withWorkers = async <T>(
  blob: number,
  { threads = Math.min(availableParallelism(), MOST_THREADS), signal }: ThreadOptions,
  use: (run: (task: Task) => Promise<Outcome>) => Promise<T>,
): Promise<T> => {
  if (!Number.isSafeInteger(threads) || threads < 1) throw new RangeError('threads: a whole number from 1');
  const started: Started[] = [];
  try {
    while (started.length < Math.min(threads, partCount(blob))) started.push(startWorker());
    return await use((task) => runAll(started, task, signal));
  } finally {
    // Workers that are done end by themselves; those that had no work hold nothing.
    for (const { worker } of started) void worker.terminate();
  }
};
