// Starts worker threads that seal or open one file, distributes its parts among them, and collects the digests.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { equalBytes } from '../bytes/binary.ts';
import { partCount, PART_BYTES, TAG_BYTES } from '../envelope/header.ts';
import { WORKER } from './worker.generated.ts';
import type { Done, Fault, PartMessage, Shared, Work, WorkerMessage } from './worker.ts';

export interface ThreadOptions {
  /** Maximum number of threads. There are never more threads than parts. Default: as many as the machine runs in parallel, at most four. */
  readonly threads?: number;
  /** Stops the work after the current chunk. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The digests of all parts, or the first error. `changed`: two workers that read the same chunk found different bytes. */
export type Outcome =
  { readonly digests: readonly Uint8Array[] } | { readonly fault: Fault | { readonly changed: true } };

/** More threads would only wait for each other, because the operating system does one write to a file at a time. */
const MOST_THREADS = 4;

const sameTag = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/** Sorts the messages by part, and compares what two workers found in a chunk that both read. */
const outcomeOf = (messages: readonly PartMessage[]): Outcome => {
  const digests: Uint8Array[] = [];
  let before: Done | undefined;
  for (const message of messages.toSorted((a, b) => a.part - b.part)) {
    if ('fault' in message) return message;
    if (before !== undefined && !sameTag(before.atEnd, message.atStart)) return { fault: { changed: true } };
    digests.push(message.digest);
    before = message;
  }
  return { digests };
};

const endedEarly = (): Error => new Error('a thread ended before its parts did');

interface Started {
  readonly worker: Worker;
  /** Resolves when the thread has ended, or rejects with the error that ended it. */
  readonly ended: Promise<void>;
}
const startWorker = (): Started => {
  // The worker gets no preloaded modules and no options of this process: a preloaded module could keep the thread alive for ever.
  const worker = new Worker(WORKER, { eval: true, execArgv: [], env: {} });
  const ended = new Promise<void>((resolve, reject) => {
    let failure: Error | undefined;
    worker.on('error', (error: Error) => (failure = error));
    worker.on('exit', () => (failure === undefined ? resolve() : reject(failure)));
  });
  // The caller that runs the worker gets the error. Without this line, the error would also end the process as an unhandled rejection.
  ended.catch(() => undefined);
  return { worker, ended };
};

/**
 * Sends the work to a worker. The promise resolves when the worker is done, and rejects if the thread ends earlier: with the error of the thread, if there is
 * one.
 */
const runOne = ({ worker, ended }: Started, work: Work, onPart: (message: PartMessage) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => (message === 'done' ? resolve() : onPart(message)));
    ended.then(() => reject(endedEarly()), reject);
    worker.postMessage(work);
  });

/** The work on one file, without the fixed sizes and the shared counters. */
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
 * Starts worker threads for a blob of this length, calls `use`, and ends the threads. A thread takes 25 ms to start; meanwhile `use` derives keys and
 * opens files, and then calls `run` once. When the promise settles, no worker uses a file any more.
 * `run` rejects with the error of the operating system, or the signal's reason.
 * @throws {RangeError} if `threads` is not a whole number from 1; also the errors of `use`
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
    // A worker that is done ends by itself. This line ends the workers that got no work.
    for (const { worker } of started) void worker.terminate();
  }
};
