// Tests how sealing and opening use their source: how far ahead they read it, and when they cancel it.
import { describe, expect, test } from '@jest/globals';
import { engine } from '../../lib/envelope/choose-engine.ts';
import { pipelined } from '../../lib/envelope/bytestream.ts';
import { collect, openBlob } from '../../lib/envelope/open-blob.ts';
import { sealBlob } from '../../lib/envelope/seal-blob.ts';
import { codeOf, fileKey, heading, inPieces, patterned, seal } from './sample-blobs.ts';

const K64 = 65_536;
const CHUNK = K64 + 16;
const MiB = 1_048_576;

interface Watched {
  readonly pulled: () => number;
  readonly released: () => boolean;
}

/** Makes a source that records how much was read from it, and whether it was cancelled. If `stalls` is set, the source never ends by itself. */
const streamOf = (
  bytes: Uint8Array,
  size: number,
  stalls = false,
): Watched & { source: ReadableStream<Uint8Array> } => {
  let at = 0;
  let released = false;
  const source = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += size)));
        else if (!stalls) controller.close();
        return stalls && at >= bytes.length ? new Promise<void>(() => undefined) : undefined;
      },
      cancel: () => {
        released = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { source, pulled: () => at, released: () => released };
};

const iterableOf = (bytes: Uint8Array, size: number): Watched & { source: AsyncIterable<Uint8Array> } => {
  let at = 0;
  let released = false;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    await Promise.resolve();
    if (at >= bytes.length) return { done: true, value: undefined };
    return { done: false, value: bytes.subarray(at, (at += size)) };
  };
  const end = async (): Promise<IteratorResult<Uint8Array>> => {
    released = true;
    return Promise.resolve({ done: true, value: undefined });
  };
  const source = { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  return { source, pulled: () => at, released: () => released };
};

const sealed = await seal(patterned(20 * K64), { chunk: 16 });
const opening = (source: Parameters<typeof openBlob>[0], inFlight = 2): ReturnType<typeof openBlob> =>
  openBlob(source, fileKey, sealed, { plainLength: sealed.plainLength, inFlight });

describe.each([
  ['a stream', streamOf],
  ['an iterable', iterableOf],
] as const)('%s', (_, make) => {
  test('is not read before the first read of the result, and then no further than the chunks in flight', async () => {
    const watched = make(sealed.blob, 1000);
    const reader = (await opening(watched.source)).getReader();
    expect(watched.pulled()).toBe(0);
    for (let read = 1; read <= 20; read++) {
      await reader.read();
      // At most two chunks are in flight, and one more is kept until the chunk after it has opened.
      expect(watched.pulled()).toBeLessThanOrEqual((read + 3) * CHUNK + 1000);
    }
    expect((await reader.read()).done).toBe(true);
  });

  test('is cancelled with the result, before the first read', async () => {
    const watched = make(sealed.blob, 1000);
    await (await opening(watched.source)).cancel();
    expect(watched.released()).toBe(true);
    expect(watched.pulled()).toBe(0);
  });

  test('is cancelled with the result, in the middle', async () => {
    const watched = make(sealed.blob, 1000);
    const reader = (await opening(watched.source)).getReader();
    await reader.read();
    const pulled = watched.pulled();
    await reader.cancel();
    expect(watched.released()).toBe(true);
    expect(watched.pulled()).toBe(pulled);
  });

  test('is cancelled without a read if the key is wrong', async () => {
    const watched = make(sealed.blob, 1000);
    expect(await codeOf(openBlob(watched.source, new Uint8Array(32), sealed, { plainLength: 1 }))).toBe(
      'commit-mismatch',
    );
    expect(watched.released()).toBe(true);
    expect(watched.pulled()).toBe(0);
  });

  test('is cancelled at the first chunk that does not open', async () => {
    const altered = sealed.blob.slice();
    altered[CHUNK]! ^= 1;
    const watched = make(altered, 1000);
    expect(await codeOf(opening(watched.source).then(collect))).toBe('chunk-invalid');
    expect(watched.released()).toBe(true);
    expect(watched.pulled()).toBeLessThanOrEqual(5 * CHUNK);
  });

  test('sealing reads no further than the requested part, or one more part if whole parts are hashed', async () => {
    const body = new Uint8Array(40 * MiB);
    const watched = make(body, 100_000);
    const { parts } = await sealBlob(watched.source, fileKey, heading, { inFlight: 2 });
    expect(watched.pulled()).toBeLessThanOrEqual(100_000);
    expect((await parts.next()).value).toMatchObject({ number: 1 });
    expect(watched.pulled()).toBeLessThanOrEqual((engine.partHash === undefined ? 20 : 12) * MiB);
    await parts.return();
    expect(watched.released()).toBe(true);
  });

  test('sealing cancels its source if no part is read', async () => {
    const watched = make(patterned(2 * K64), 1000);
    const { parts } = await sealBlob(watched.source, fileKey, heading);
    expect(watched.released()).toBe(false);
    await parts.return();
    expect(watched.released()).toBe(true);
    expect((await parts.next()).done).toBe(true);
  });

  test('sealing cancels its source if the header is refused', async () => {
    const refused = make(patterned(2 * K64), 1000);
    expect(await codeOf(sealBlob(refused.source, fileKey, { ...heading, version: 0 }))).toBe('header-invalid');
    expect(refused.released()).toBe(true);
  });
});

test('cancelling does not wait for a source that stalls', async () => {
  const { source, released } = streamOf(sealed.blob.subarray(0, 1000), 1000, true);
  const reader = (await opening(source)).getReader();
  const read = reader.read();
  await reader.cancel();
  expect(released()).toBe(true);
  expect((await read).done).toBe(true);
});

describe('a source that stalls', () => {
  const stalling = (): ReturnType<typeof streamOf> => streamOf(patterned(10 * MiB), 100_000, true);

  test('does not delay the finished part', async () => {
    const { parts } = await sealBlob(stalling().source, fileKey, heading);
    expect((await parts.next()).value).toMatchObject({ number: 1 });
    await parts.return();
  });

  test('is cancelled while a read is pending', async () => {
    const { source, released } = stalling();
    const { parts, facts } = await sealBlob(source, fileKey, heading);
    await parts.next();
    const second = parts.next();
    await parts.return();
    expect(released()).toBe(true);
    // The read ends because the source was cancelled. This must not count as the end of the body, so `facts` throws.
    expect((await second).done).toBe(true);
    expect(() => facts()).toThrow('not taken');
  });
});

describe('a source that fails', () => {
  async function* failing(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* pieces;
    throw new Error('disk');
  }

  test('fails the sealing with its own error, at the start and later', async () => {
    await expect(sealBlob(failing(inPieces(new Uint8Array(5), 2)), fileKey, heading)).rejects.toThrow('disk');
    const long = inPieces(new Uint8Array(9 * MiB), 100_000);
    const { parts, facts } = await sealBlob(failing(long), fileKey, heading, { inFlight: 1 });
    await parts.next();
    await expect(parts.next()).rejects.toThrow('disk');
    expect(() => facts()).toThrow('not taken');
    expect((await parts.next()).done).toBe(true);
  });

  test('fails the opening with its own error, after whole chunks only', async () => {
    const reader = (await opening(failing(inPieces(sealed.blob.subarray(0, 6 * CHUNK + 5), 999)))).getReader();
    let seen = 0;
    const drain = async (): Promise<void> => {
      for (let r = await reader.read(); !r.done; r = await reader.read()) seen += r.value.length;
    };
    await expect(drain()).rejects.toThrow('disk');
    expect(seen % K64).toBe(0);
    expect(seen).toBeLessThan(6 * CHUNK);
  });
});

describe('pipelined', () => {
  const double = (n: number): Promise<number> => Promise.resolve(2 * n);

  test('yields every result, in order', async () => {
    async function* numbers(): AsyncGenerator<number> {
      for (const n of [1, 2, 3]) yield await Promise.resolve(n);
    }
    const results: number[] = [];
    for await (const result of pipelined(numbers(), double)) results.push(result);
    expect(results).toEqual([2, 4, 6]);
  });

  test('works while the next item is requested, and does not wait for it', async () => {
    let asked = 0;
    const given: ((next: IteratorResult<number>) => void)[] = [];
    const source = {
      next: () => {
        asked += 1;
        return new Promise<IteratorResult<number>>((resolve) => given.push(resolve));
      },
      [Symbol.asyncIterator]: () => source,
    };
    const results = pipelined(source, double);
    const first = results.next();
    given[0]!({ done: false, value: 1 });
    expect((await first).value).toBe(2);
    expect(asked).toBe(2);
    await results.return(undefined);
  });

  test('passes on an error of the source after the earlier results; its return cancels the source', async () => {
    let ended = 0;
    async function* failing(): AsyncGenerator<number> {
      try {
        yield await Promise.resolve(1);
        throw new Error('disk');
      } finally {
        ended += 1;
      }
    }
    const results = pipelined(failing(), double);
    expect((await results.next()).value).toBe(2);
    await expect(results.next()).rejects.toThrow('disk');
    const others = pipelined(failing(), double);
    await others.next();
    await others.return(undefined);
    expect(ended).toBe(2);
  });
});

test.each<readonly [string, unknown]>([
  ['texts', 'text'],
  ['nothing', undefined],
  ['arrays of larger numbers', new Uint16Array(4)],
])('a source of %s is refused', async (_, piece) => {
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(piece as Uint8Array);
      controller.close();
    },
  });
  const run = async (): Promise<void> => {
    const { parts } = await sealBlob(source, fileKey, heading);
    for await (const part of parts) expect(part).toBeUndefined();
  };
  expect(await codeOf(run())).toBe('source-invalid');
});
