// Tests that parts are hashed in a Web Worker if one can start, and on the calling thread otherwise.
import { resolveObjectURL } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Worker as Thread } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import { equalBytes } from '../../lib/bytes/binary.ts';
import { engine } from '../../lib/envelope/choose-engine.ts';
import { PART_BYTES } from '../../lib/envelope/header.ts';
import { openBlob } from '../../lib/envelope/open-blob.ts';
import { partDigester, type DigestedPart, type WorkerHost } from '../../lib/envelope/part-digester.ts';
import { sealBlob } from '../../lib/envelope/seal-blob.ts';
import { fileKey, heading, inPieces, openAll, patterned, seal } from './sample-blobs.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
type WebWorker = InstanceType<NonNullable<WorkerHost['Worker']>>;

/** Gives a worker thread of Node the global functions of a Web Worker. */
const AS_IN_A_PAGE = `
const { parentPort } = require('worker_threads');
globalThis.postMessage = (message, transfer) => parentPort.postMessage(message, transfer);
parentPort.on('message', (data) => globalThis.onmessage({ data }));
`;
const say = (worker: PageWorker, data: unknown): void => {
  worker.onmessage?.call(globalThis as never, { data } as MessageEvent);
};
let made: PageWorker[] = [];
class PageWorker implements WebWorker {
  onmessage: WebWorker['onmessage'] = null;
  onerror: WebWorker['onerror'] = null;
  onmessageerror: WebWorker['onmessageerror'] = null;
  protected readonly before: string = '';
  hashed = 0;
  terminated = false;
  thread: Thread | undefined;
  constructor(url: string) {
    made.push(this);
    void this.start(url);
  }
  async start(url: string): Promise<void> {
    const text = await resolveObjectURL(url)!.text();
    if (this.terminated) return;
    this.thread = new Thread(this.before + AS_IN_A_PAGE + text, { eval: true });
    this.thread.on('message', (data) => say(this, data));
  }
  postMessage(message: Uint8Array, transfer: unknown): void {
    this.hashed += 1;
    this.thread!.postMessage(message, transfer as ArrayBuffer[]);
  }
  terminate(): void {
    this.terminated = true;
    void this.thread?.terminate();
  }
}
afterEach(() => {
  for (const worker of made) worker.terminate();
  made = [];
});

const part = (n: number): Uint8Array => patterned(PART_BYTES + n).slice(n);
const expectRight = ({ bytes, digest }: DigestedPart, n: number): void => {
  expect(equalBytes(bytes, part(n))).toBe(true);
  expect(digest).toEqual(sha256(part(n)));
};

describe('with a worker', () => {
  test('full parts from the second on are hashed in the worker, in order, and the last short part on the calling thread', async () => {
    const digester = partDigester({ Worker: PageWorker });
    const parts = [0, 1, 2, 3].map(part);
    const asked = parts.map((p) => digester.digest(p));
    const rest = await digester.digest(patterned(1000));
    (await Promise.all(asked)).forEach(expectRight);
    expect(rest).toEqual({ bytes: patterned(1000), digest: sha256(patterned(1000)) });
    expect(parts.map((p) => p.length)).toEqual([PART_BYTES, 0, 0, 0]);
    expect(made.map((w) => w.hashed)).toEqual([3]);
    digester.close();
    await Promise.resolve();
    expect(made[0]!.terminated).toBe(true);
  });

  test('small bodies start no worker', async () => {
    const digester = partDigester({ Worker: PageWorker });
    await digester.digest(patterned(PART_BYTES - 1));
    digester.close();
    expect(made).toEqual([]);
  });

  test('a large body is sealed and opened', async () => {
    const body = patterned(5 * PART_BYTES + 12_345);
    const host = globalThis as { Worker?: unknown };
    host.Worker = PageWorker;
    try {
      const sealed = await seal(body);
      expect(equalBytes(await openAll(sealed), body)).toBe(true);
    } finally {
      delete host.Worker;
    }
    const hashed = engine.name === 'webcrypto' ? [4, 4] : [];
    expect(made.map((w) => w.hashed)).toEqual(hashed);
    expect(made.every((w) => w.terminated)).toBe(true);
  });

  test('after close no call is answered, and the worker ends', async () => {
    const digester = partDigester({ Worker: PageWorker });
    await digester.digest(part(0));
    await digester.digest(part(1));
    // The worker's answer is ignored here, because it may arrive before the worker is closed.
    made[0]!.thread!.removeAllListeners('message');
    const asked = [2, 3].map((n) => digester.digest(part(n)));
    await new Promise(setImmediate);
    digester.close();
    for (const answer of asked) await expect(answer).rejects.toThrow('given up');
    await expect(digester.digest(part(4))).rejects.toThrow('given up');
    expect(made.map((w) => w.terminated)).toEqual([true]);
  });

  test('close while the worker starts ends it', async () => {
    const digester = partDigester({ Worker: PageWorker });
    await digester.digest(part(0));
    const asked = digester.digest(part(1));
    digester.close();
    await expect(asked).rejects.toThrow('given up');
    // The worker is ended only after it has started, so this waits for its end.
    while (made.some((w) => !w.terminated)) await new Promise(setImmediate);
    expect(made).toHaveLength(1);
  });

  test('close before the first part starts no worker', async () => {
    const digester = partDigester({ Worker: PageWorker });
    const asked = digester.digest(part(0));
    digester.close();
    await expect(asked).rejects.toThrow('given up');
    expect(made).toEqual([]);
  });
});

/** Makes a class of workers. A worker calls `begin` when it is made, and `take` when it receives a part. */
const workerThat = (begin: (worker: PageWorker) => void, take: (worker: PageWorker) => void = () => undefined) =>
  class extends PageWorker {
    override start(): Promise<void> {
      setImmediate(begin, this);
      return Promise.resolve();
    }
    override postMessage(): void {
      this.hashed += 1;
      setImmediate(take, this);
    }
  };
const fail = (worker: PageWorker): void => {
  worker.onerror?.call(globalThis, { type: 'error' } as ErrorEvent);
};

describe('without a worker', () => {
  test.each<[string, WorkerHost]>([
    ['there is none', {}],
    [
      'it may not be made',
      {
        // This is an ordinary function, not an arrow function, because `new` calls it.
        Worker: function refuse() {
          throw new Error('SecurityError');
        } as never,
      },
    ],
    ['a policy forbids it', { Worker: workerThat(fail) }],
    ['it never posts a message', { Worker: workerThat(() => undefined) }],
  ])('all parts are hashed here: %s', async (_, host) => {
    const digester = partDigester(host);
    for (const n of [0, 1, 2]) expectRight(await digester.digest(part(n)), n);
    digester.close();
    expect(made.every((w) => w.terminated)).toBe(true);
    // The second time, the code does not even try to start a worker.
    const before = made.length;
    const next = partDigester(host);
    for (const n of [0, 1]) expectRight(await next.digest(part(n)), n);
    expect(made.length).toBe(before);
  });
});

test('after an idle worker fails, hashing continues without it', async () => {
  const digester = partDigester({ Worker: PageWorker });
  for (const n of [0, 1]) await digester.digest(part(n));
  fail(made[0]!);
  for (const n of [2, 3]) expectRight(await digester.digest(part(n)), n);
  expect(made.map((w) => [w.hashed, w.terminated])).toEqual([[1, true]]);
  digester.close();
});

test('without object URLs, all parts are hashed on the calling thread', async () => {
  const host = URL as { createObjectURL?: unknown };
  const { createObjectURL } = host;
  delete host.createObjectURL;
  try {
    const digester = partDigester({ Worker: PageWorker });
    for (const n of [0, 1]) expectRight(await digester.digest(part(n)), n);
    digester.close();
    expect(made).toEqual([]);
  } finally {
    host.createObjectURL = createObjectURL;
  }
});

test('a worker without WebCrypto reports an error', async () => {
  class Bare extends PageWorker {
    protected override readonly before = "Object.defineProperty(globalThis, 'crypto', { value: {} });";
  }
  const digester = partDigester({ Worker: Bare });
  await digester.digest(part(0));
  await expect(digester.digest(part(1))).rejects.toThrow('the hashing worker failed');
  digester.close();
});

test.each<[string, (worker: PageWorker) => void]>([
  ['ends', fail],
  [
    'posts a message that cannot be read',
    (worker) => void worker.onmessageerror!.call(globalThis as never, {} as MessageEvent),
  ],
  ['cannot hash', (worker) => say(worker, { part: new Uint8Array(1), digest: undefined })],
])('a worker that %s fails whoever waits, and whoever comes', async (_, take) => {
  const digester = partDigester({ Worker: workerThat((worker) => say(worker, 'ready'), take) });
  await digester.digest(part(0));
  const asked = [1, 2].map((n) => digester.digest(part(n)));
  for (const answer of asked) await expect(answer).rejects.toThrow('the hashing worker failed');
  await expect(digester.digest(part(3))).rejects.toThrow('the hashing worker failed');
  digester.close();
});

test('close does not wait for a worker that never answers', async () => {
  const body = patterned(4 * PART_BYTES);
  const { blob, ...sealed } = await seal(body);
  const host = globalThis as { Worker?: unknown };
  host.Worker = workerThat((worker) => say(worker, 'ready'));
  /** Waits until this many workers have received a part. */
  const asked = async (count: number): Promise<void> => {
    do await new Promise(setImmediate);
    while (engine.name === 'webcrypto' && made.filter((w) => w.hashed > 0).length < count);
  };
  try {
    const reader = (await openBlob(inPieces(blob, 300_000), fileKey, sealed, sealed)).getReader();
    const drain = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    const drained = drain();
    await asked(1);
    await reader.cancel();
    await drained;
    const { parts } = await sealBlob(inPieces(body, 300_000), fileKey, heading);
    const taken = (async () => {
      while ((await parts.next()).done !== true);
    })();
    await asked(2);
    await parts.return();
    await taken;
  } finally {
    delete host.Worker;
  }
  expect(made.map((w) => w.terminated)).toEqual(engine.name === 'webcrypto' ? [true, true] : []);
});
