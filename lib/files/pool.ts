// The threads that there are. One takes 25 ms of processor time to start (Node 24: 40), so it is kept for the next file for a while; it does not keep the process.
import { clearTimeout, setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { THREAD } from './thread-text.ts';
import type { PartTold, Told, Work } from './thread.ts';

/** Milliseconds. */
const KEPT_FOR = 10_000;
/** Of one file, unless told otherwise, and kept at a time: more would wait for each other at the file that is written. */
export const MOST_THREADS = 4;

export interface Thread {
  /** Has it do this, and hears what it tells of its parts. Settled when it is done; rejects where it ended before that, with its failure if it has one. */
  readonly run: (work: Work, hear: (told: PartTold) => void) => Promise<void>;
  /** Whoever got it needs it no more. */
  readonly release: () => void;
}
interface Kept {
  readonly timer: NodeJS.Timeout;
  readonly take: () => Thread;
}
interface Job {
  readonly hear: (told: PartTold) => void;
  readonly resolve: () => void;
  readonly reject: (failure: Error) => void;
}

const kept = new Set<Kept>();

const startThread = (): Thread => {
  // What this process was told to load or to do otherwise is not for it: a preload may hold a thread for ever.
  const worker = new Worker(THREAD, { eval: true, execArgv: [], env: {} });
  let job: Job | undefined;
  let failure: Error | undefined;
  let ended = false;
  let keeping: Kept | undefined;

  const leave = (): void => {
    if (keeping === undefined) return;
    clearTimeout(keeping.timer);
    kept.delete(keeping);
    keeping = undefined;
  };
  const reason = (): Error => failure ?? new Error('a thread ended before its parts did');
  worker.on('error', (error: Error) => {
    failure = error;
    // It has not ended yet.
    leave();
  });
  worker.on('exit', () => {
    ended = true;
    leave();
    job?.reject(reason());
  });
  worker.on('message', (told: Told) => {
    if (told !== 'waiting') job?.hear(told);
    else {
      job?.resolve();
      job = undefined;
    }
  });

  const thread: Thread = {
    run: (work, hear) =>
      new Promise((resolve, reject) => {
        if (ended) {
          reject(reason());
          return;
        }
        job = { hear, resolve, reject };
        worker.postMessage(work);
      }),
    release: () => {
      if (ended) return;
      const end = (): void => {
        leave();
        void worker.terminate();
      };
      if (failure !== undefined || job !== undefined || kept.size >= MOST_THREADS) {
        end();
        return;
      }
      worker.unref();
      const take = (): Thread => {
        leave();
        worker.ref();
        return thread;
      };
      keeping = { take, timer: setTimeout(end, KEPT_FOR).unref() };
      kept.add(keeping);
    },
  };
  return thread;
};

/**
 * One that waits for work, or will when it has started: of those that are kept the last, so that what is not needed comes to its end.
 * @throws {Error} where none may be started
 */
export const takeThread = (): Thread => [...kept].at(-1)?.take() ?? startThread();
