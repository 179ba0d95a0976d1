// SHA-256 of whole parts by WebCrypto, which hashes nothing smaller by and by. Chromium hashes on the thread that asks, a part in some 10 ms: so from the second
// full part on a worker is asked, which hashes while the next part is encrypted. Where none may be had (Node; a page whose policy allows no `worker-src blob:`)
// all are hashed here.
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

type PartWorker = Pick<Worker, 'onmessage' | 'onerror' | 'postMessage' | 'terminate'>;
/** What a digester asks of the place where it runs. */
export interface WorkerHost {
  readonly Worker?: new (url: string) => PartWorker;
}

/** Text, as there is no one way to name a file that survives every bundler. */
const WORKER = `
onmessage = async ({ data }) => {
  const digest = await crypto.subtle.digest('SHA-256', data).catch(() => undefined);
  postMessage({ part: data, digest }, [data.buffer]);
};
postMessage('ready');`;

/** A worker says that it is ready within milliseconds, or never. */
const PATIENCE_MS = 1_000;

/** Where none may be had: browsers report every one that they refuse. */
const refusing = new WeakSet<WorkerHost>();

/** A worker that works; undefined where none may be had. */
const startWorker = (host: WorkerHost): Promise<PartWorker | undefined> =>
  new Promise((resolve) => {
    const { Worker } = host;
    if (Worker === undefined || refusing.has(host)) {
      resolve(undefined);
      return;
    }
    const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
    let worker: PartWorker | undefined;
    const settle = (usable: boolean): void => {
      clearTimeout(patience);
      URL.revokeObjectURL(url);
      if (!usable) {
        refusing.add(host);
        worker?.terminate();
      }
      resolve(usable ? worker : undefined);
    };
    const patience = setTimeout(settle, PATIENCE_MS, false);
    try {
      worker = new Worker(url);
      worker.onmessage = () => settle(true);
      worker.onerror = () => settle(false);
    } catch {
      settle(false);
    }
  });

interface Answer {
  readonly part: Uint8Array;
  readonly digest?: ArrayBuffer;
}

export const partDigester = (host: WorkerHost = globalThis): PartDigester => {
  let worker: Promise<PartWorker | undefined> | undefined;
  /** Settled when what was asked for before is. */
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  let giveUp: () => void = () => undefined;

  const here = async (bytes: Uint8Array): Promise<DigestedPart> => ({ bytes, digest: await sha256(bytes) });
  const there = (worker: PartWorker, bytes: Uint8Array): Promise<DigestedPart> =>
    new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error('the hashing worker failed'));
      giveUp = () => reject(new Error('given up'));
      worker.onmessage = ({ data: { part, digest } }: MessageEvent<Answer>) =>
        digest === undefined ? failed() : resolve({ bytes: part, digest: new Uint8Array(digest) });
      worker.onerror = failed;
      if (closed) giveUp();
      else worker.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
    });
  const next = async (bytes: Uint8Array): Promise<DigestedPart> => {
    if (bytes.length < PART_BYTES) return here(bytes);
    if (worker !== undefined) {
      const started = await worker;
      return started === undefined ? here(bytes) : there(started, bytes);
    }
    worker = startWorker(host);
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
      giveUp();
      void worker?.then((started) => started?.terminate());
    },
  };
};
