// Tests the worker with small parts, over files in memory with short reads and writes: it writes the same bytes as an independent sealer, and each byte once.
import { createCipheriv, createDecipheriv, createHash, createSecretKey } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sharedFor } from '../../lib/files/run-workers.ts';
import { runWorker, type Shared, type Work, type WorkerMessage } from '../../lib/files/worker.ts';
import { patterned } from '../envelope/sample-blobs.ts';
import { runs } from '../support/property-runs.ts';

const TAG = 16;
const rawKey = patterned(32);
const key = createSecretKey(rawKey);
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const sealedBy = (plain: Uint8Array, chunk: number): Buffer => {
  const count = Math.max(1, Math.ceil(plain.length / chunk));
  const chunks = Array.from({ length: count }, (_, i) => {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(i, 7);
    nonce[11] = i === count - 1 ? 1 : 0;
    const cipher = createCipheriv('aes-256-gcm', rawKey, nonce);
    return [cipher.update(plain.subarray(i * chunk, (i + 1) * chunk)), cipher.final(), cipher.getAuthTag()];
  });
  return Buffer.concat(chunks.flat());
};

/** Runs a worker over files in memory, and returns its messages. */
const run = async (
  work: Work,
  fs: object,
  hash: typeof createHash = createHash,
  hear: (message: WorkerMessage) => void = () => undefined,
): Promise<readonly WorkerMessage[]> => {
  const messages: WorkerMessage[] = [];
  const parentPort = Object.assign(new EventEmitter(), {
    postMessage: (message: WorkerMessage) => {
      messages.push(message);
      hear(message);
    },
  });
  const builtins: Readonly<Record<string, unknown>> = {
    fs,
    crypto: { createCipheriv, createDecipheriv, createHash: hash },
    worker_threads: { parentPort, MessageChannel },
  };
  const ended = runWorker({ process: { getBuiltinModule: ((name: string) => builtins[name]) as never } });
  parentPort.emit('message', work);
  await ended;
  return messages;
};

interface Given {
  readonly job: 'seal' | 'open';
  /** Returns at most `length` bytes from this offset on. */
  readonly source: (at: number, length: number) => Uint8Array;
  readonly plain: number;
  readonly chunk: number;
  readonly blob: number;
  readonly part: number;
  readonly threads: number;
  /** Maximum number of bytes in one read or write. */
  readonly most: number;
  /** How many other workers write during the whole test. */
  readonly others?: number;
}
const worked = async ({ source, most, others = 0, ...sizes }: Given) => {
  const out = Buffer.alloc(sizes.job === 'seal' ? sizes.blob : sizes.plain);
  const written = new Uint8Array(out.length);
  const messages: WorkerMessage[] = [];
  /** For each message of a worker, how many bytes had been written when the message came. */
  const writtenWhenTold: number[] = [];
  const put = (bytes: Uint8Array, at: number): number => {
    const taken = bytes.subarray(0, most);
    out.set(taken, at);
    taken.forEach((_, i) => (written[at + i]! += 1));
    return taken.length;
  };
  const fs = {
    readSync: (_: number, into: Uint8Array, offset: number, length: number, at: number): number => {
      const got = source(at, Math.min(length, most));
      into.set(got, offset);
      return got.length;
    },
    writeSync: (_: number, bytes: Uint8Array, offset: number, length: number, at: number) =>
      put(bytes.subarray(offset, offset + length), at),
    writevSync: (_: number, pieces: Uint8Array[], at: number) => put(Buffer.concat(pieces), at),
  };
  const parts = Math.ceil(sizes.blob / sizes.part);
  const shared = sharedFor(parts);
  Atomics.store(shared.writing, 0, others);
  const hear = (message: WorkerMessage): void => {
    messages.push(message);
    writtenWhenTold.push(written.reduce((sum, times) => sum + times, 0));
  };
  const work: Work = { ...sizes, from: 0, to: 0, key, tag: TAG, shared };
  await Promise.all(Array.from({ length: sizes.threads }, () => run(work, fs, createHash, hear)));
  const done = messages.filter((message) => message !== 'done').toSorted((a, b) => a.part - b.part);
  return { out, written, done, parts, writtenWhenTold, shared };
};

test('bodies of any length, in chunks and parts of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 200 }),
      async (length, chunk, more, threads, most) => {
        const plain = patterned(length);
        const blob = sealedBy(plain, chunk);
        // A part must be longer than a sealed chunk.
        const part = chunk + TAG + 1 + more;
        const sizes = { plain: length, chunk, blob: blob.length, part, threads, most };
        for (const [job, from, to] of [
          ['seal', plain, blob],
          ['open', blob, plain],
        ] as const) {
          const { out, written, done, parts } = await worked({
            ...sizes,
            job,
            source: (at, n) => from.subarray(at, at + n),
          });
          expect(out.equals(to)).toBe(true);
          expect(written.every((times) => times === 1)).toBe(true);
          expect(done.map((message) => ('digest' in message ? message.digest : message))).toEqual(
            Array.from({ length: parts }, (_, i) => sha256(blob.subarray(i * part, (i + 1) * part))),
          );
          const ended = done.filter((message) => 'digest' in message);
          expect(ended.slice(1).map(({ atStart }) => atStart)).toEqual(ended.slice(0, -1).map(({ atEnd }) => atEnd));
        }
      },
    ),
    { numRuns: runs(40) },
  );
});

test('a chunk that differs between two reads is reported, when sealing and when opening', async () => {
  const [plain, chunk, part] = [patterned(1000), 64, 210];
  const blob = sealedBy(plain, chunk);
  for (const [job, from] of [
    ['seal', plain],
    ['open', blob],
  ] as const) {
    const seen = new Set<number>();
    // If a byte is read a second time, it is different.
    const source = (at: number, length: number): Uint8Array => {
      const bytes = from.slice(at, at + length);
      bytes.forEach((_, i) => {
        if (seen.has(at + i)) bytes[i]! ^= 1;
        seen.add(at + i);
      });
      return bytes;
    };
    const sizes = { plain: plain.length, chunk, blob: blob.length, part, threads: 1, most: 40 };
    const { done } = await worked({ ...sizes, job, source });
    const ended = done.filter((message) => 'digest' in message);
    const atStart = ended.slice(1).map((message) => message.atStart);
    expect(atStart.filter((tag) => tag !== undefined)).not.toEqual([]);
    expect(atStart).not.toEqual(ended.slice(0, -1).map(({ atEnd }) => atEnd));
  }
});

test('a worker hashes first while others write, and writes first otherwise', async () => {
  const [plain, chunk, part] = [patterned(1000), 64, 210];
  const blob = sealedBy(plain, chunk);
  for (const [job, from, to] of [
    ['seal', plain, blob],
    ['open', blob, plain],
  ] as const) {
    const sizes = { plain: plain.length, chunk, blob: blob.length, part, threads: 1, most: 40 };
    const source = (at: number, length: number) => from.subarray(at, at + length);
    const [alone, beside] = [
      await worked({ ...sizes, job, source }),
      await worked({ ...sizes, job, source, others: 1 }),
    ];
    expect(alone.out.equals(to)).toBe(true);
    expect(beside.out.equals(to)).toBe(true);
    expect(beside.done).toEqual(alone.done);
    // The last message but one has the last digest; the last message is `done`. Alone, the worker has written every byte before this digest. Beside another
    // writer, it has written every byte only before `done`.
    expect(alone.writtenWhenTold.slice(-2)).toEqual([to.length, to.length]);
    expect(beside.writtenWhenTold.at(-2)).toBeLessThan(to.length);
    expect(beside.writtenWhenTold.at(-1)).toBe(to.length);
    expect([alone, beside].map(({ shared }) => Atomics.load(shared.writing, 0))).toEqual([0, 1]);
  }
});

/** Returns a function that runs one worker on fake files and calls `system` before each read and write. The worker reads only bytes of value 0. */
const watching = (system: (call: 'read' | 'write') => void, hash?: typeof createHash) => {
  const fs = {
    readSync: (_: number, into: Uint8Array, offset: number, length: number) => {
      system('read');
      return length;
    },
    writevSync: (_: number, pieces: Uint8Array[]) => {
      system('write');
      return pieces.reduce((sum, piece) => sum + piece.length, 0);
    },
  };
  const sizes = { plain: 640, chunk: 64, blob: 800, part: 100, tag: TAG, threads: 1 };
  return (job: Work['job'], shared: Shared) => run({ ...sizes, job, from: 0, to: 0, key, shared }, fs, hash);
};

test('a worker counts as writing only while it writes', async () => {
  for (const others of [0, 1]) {
    const shared = sharedFor(8);
    expect(Object.values(shared).map(({ buffer }) => buffer instanceof SharedArrayBuffer)).toEqual([true, true, true]);
    expect(Atomics.load(shared.writing, 0)).toBe(0);
    Atomics.store(shared.writing, 0, others);
    const seal = watching((call) =>
      expect(Atomics.load(shared.writing, 0)).toBe(call === 'write' ? others + 1 : others),
    );
    await seal('seal', shared);
    expect(Atomics.load(shared.writing, 0)).toBe(others);
  }
});

test('hashing does not count as writing', async () => {
  for (const others of [0, 1]) {
    const shared = sharedFor(8);
    Atomics.store(shared.writing, 0, others);
    const counted: number[] = [];
    const hash = (...given: Parameters<typeof createHash>) => {
      const made = createHash(...given);
      const update = made.update.bind(made) as (bytes: Uint8Array) => typeof made;
      return Object.assign(made, {
        update: (bytes: Uint8Array) => {
          counted.push(Atomics.load(shared.writing, 0));
          return update(bytes);
        },
      });
    };
    await watching(() => undefined, hash)('seal', shared);
    expect(counted.length).toBeGreaterThan(0);
    expect(new Set(counted)).toEqual(new Set([others]));
  }
});

test('after a fault the worker takes no more parts', async () => {
  // The file contains only zero bytes, which do not open.
  expect(await watching(() => undefined)('open', sharedFor(8))).toEqual([{ part: 0, fault: { chunk: 0 } }, 'done']);
});

test('a worker that must stop finishes only its current chunk', async () => {
  const shared = sharedFor(8);
  const calls: string[] = [];
  const thread = watching((call) => {
    calls.push(call);
    Atomics.store(shared.limit, 0, 0);
  });
  await thread('seal', shared);
  expect(calls).toEqual(['read', 'write']);
});
