// Computes SHA-256 of whole parts with WebCrypto, which cannot hash in steps. Chromium hashes on the calling thread, about 10 ms for each part. So from the
// second full part on, a Web Worker hashes one part while the next one is encrypted. If no worker can start (in Node; on a page whose policy does not
// allow `worker-src blob:`), the calling thread hashes all parts.
import type { HashedPart } from './hash-worker-web.ts';
import { WORKER } from './hash-worker-web.generated.ts';
import { PART_BYTES, sha256 } from './header.ts';

export interface DigestedPart {
  /** The same bytes, maybe in another array: do not use the original array any more. */
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

export interface PartDigester {
  /** Hashes a part. The digester owns `part` until the promise resolves. A full part must fill its buffer. The promises resolve in the order of the calls. */
  readonly digest: (part: Uint8Array) => Promise<DigestedPart>;
  /** Stops hashing. It can be called at any time; pending calls are rejected. */
  readonly close: () => void;
}

type PartWorker = Pick<Worker, 'onmessage' | 'onmessageerror' | 'onerror' | 'postMessage' | 'terminate'>;
/** The members of the global object that are used. */
export interface WorkerHost {
  readonly Worker?: new (url: string) => PartWorker;
}

/** Time for a worker to report that it is ready, milliseconds. A worker that was blocked without an error never reports. */
const READY_TIMEOUT_MS = 5_000;

/** Hosts that cannot start a worker. No further start is tried on them, because browsers log every failed start. */
const hostsWithoutWorkers = new WeakSet<WorkerHost>();

/** Starts a worker; undefined if the host cannot start one. @param lost is called when the worker fails later, at any time */
const startWorker = (host: WorkerHost, lost: (worker: PartWorker) => void): Promise<PartWorker | undefined> =>
  new Promise((resolve) => {
    const { Worker } = host;
    if (Worker === undefined || hostsWithoutWorkers.has(host)) {
      resolve(undefined);
      return;
    }
    let url = '';
    let worker: PartWorker | undefined;
    const refused = (): void => {
      clearTimeout(timeout);
      URL.revokeObjectURL(url);
      hostsWithoutWorkers.add(host);
      worker?.terminate();
      resolve(undefined);
    };
    const timeout = setTimeout(refused, READY_TIMEOUT_MS);
    try {
      url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
      const started = new Worker(url);
      worker = started;
      started.onerror = refused;
      started.onmessage = () => {
        clearTimeout(timeout);
        URL.revokeObjectURL(url);
        started.onerror = () => lost(started);
        started.onmessageerror = () => lost(started);
        resolve(started);
      };
    } catch {
      refused();
    }
  });

export const partDigester = (host: WorkerHost = globalThis): PartDigester => {
  let worker: Promise<PartWorker | undefined> | undefined;
  /** The promise for the answer to the previous call. */
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  let broken = false;
  /** Rejects the call that waits for the worker. */
  let refuse: (why: string) => void = () => undefined;

  const lost = (failed: PartWorker): void => {
    broken = true;
    failed.terminate();
    refuse('the hashing worker failed');
  };
  const hashHere = async (bytes: Uint8Array): Promise<DigestedPart> => ({ bytes, digest: await sha256(bytes) });
  const hashInWorker = (worker: PartWorker, bytes: Uint8Array): Promise<DigestedPart> =>
    new Promise((resolve, reject) => {
      refuse = (why) => reject(new Error(why));
      worker.onmessage = ({ data: { part, digest } }: MessageEvent<HashedPart>) =>
        digest === undefined ? lost(worker) : resolve({ bytes: part, digest: new Uint8Array(digest) });
      worker.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
    });
  const next = async (bytes: Uint8Array): Promise<DigestedPart> => {
    const full = bytes.length === PART_BYTES;
    const started = full && !closed && worker !== undefined ? await worker : undefined;
    if (closed) throw new Error('given up');
    // If the worker failed while it was idle, it had no part, so nothing is lost. The calling thread then hashes this part.
    if (started !== undefined && !broken) return hashInWorker(started, bytes);
    if (full) worker ??= startWorker(host, lost);
    return hashHere(bytes);
  };

  return {
    digest: (bytes) => {
      // A call waits for the call before. So after a failure all later calls fail.
      const answer = turn.then(() => next(bytes));
      turn = answer;
      // The caller gets the error when it awaits the answer. Until then the error must not count as an unhandled rejection.
      answer.catch(() => undefined);
      return answer;
    },
    close: () => {
      closed = true;
      refuse('given up');
      void worker?.then((started) => started?.terminate());
    },
  };
};
