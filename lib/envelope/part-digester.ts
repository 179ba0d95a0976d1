// SHA-256 of whole parts by WebCrypto, which hashes nothing smaller by and by. Chromium hashes on the thread that asks, a part in some 10 ms: so from the second
// full part on a worker is asked, which hashes while the next part is encrypted. Where none may be had (Node; a page whose policy allows no `worker-src blob:`)
// all are hashed here.
import type { HashedPart } from './hash-worker-web.ts';
import { WORKER } from './hash-worker-web.generated.ts';
import { PART_BYTES, sha256 } from './header.ts';

export interface DigestedPart {
  /** The same bytes, perhaps in another array: the one that was given may be gone. */
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

export interface PartDigester {
  /** Takes the array over, which is all of its buffer when the part is full, until it answers. In the order of asking. */
  readonly digest: (part: Uint8Array) => Promise<DigestedPart>;
  /** Gives up, at any time: nothing that was asked is answered any more. */
  readonly close: () => void;
}

type PartWorker = Pick<Worker, 'onmessage' | 'onmessageerror' | 'onerror' | 'postMessage' | 'terminate'>;
/** What a digester asks of the place where it runs. */
export interface WorkerHost {
  readonly Worker?: new (url: string) => PartWorker;
}

/** How long a worker may take to say that it is ready: one that is refused without a word never does. */
const PATIENCE_MS = 5_000;

/** Where none may be had: browsers report every one that they refuse. */
const refusing = new WeakSet<WorkerHost>();

/** A worker that works; undefined where none may be had. @param lost when it fails, afterwards and at any time */
const startWorker = (host: WorkerHost, lost: (worker: PartWorker) => void): Promise<PartWorker | undefined> =>
  new Promise((resolve) => {
    const { Worker } = host;
    if (Worker === undefined || refusing.has(host)) {
      resolve(undefined);
      return;
    }
    let url = '';
    let worker: PartWorker | undefined;
    const refused = (): void => {
      clearTimeout(patience);
      URL.revokeObjectURL(url);
      refusing.add(host);
      worker?.terminate();
      resolve(undefined);
    };
    const patience = setTimeout(refused, PATIENCE_MS);
    try {
      url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
      const started = new Worker(url);
      worker = started;
      started.onerror = refused;
      started.onmessage = () => {
        clearTimeout(patience);
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
  /** Settled when what was asked for before is. */
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  let broken = false;
  /** Tells whoever waits for the worker. */
  let refuse: (why: string) => void = () => undefined;

  const lost = (failed: PartWorker): void => {
    broken = true;
    failed.terminate();
    refuse('the hashing worker failed');
  };
  const here = async (bytes: Uint8Array): Promise<DigestedPart> => ({ bytes, digest: await sha256(bytes) });
  const there = (worker: PartWorker, bytes: Uint8Array): Promise<DigestedPart> =>
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
    // One that broke while it had nothing to do lost nothing.
    if (started !== undefined && !broken) return there(started, bytes);
    if (full) worker ??= startWorker(host, lost);
    return here(bytes);
  };

  return {
    digest: (bytes) => {
      // What fails, fails those that follow.
      const answer = turn.then(() => next(bytes));
      turn = answer;
      // Whoever waits for it sees the failure; until then it is no unhandled one.
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
