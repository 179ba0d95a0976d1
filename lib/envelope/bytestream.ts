// Stream helpers for large bodies: reads a source in pieces of a wanted size, reuses buffers, and processes items in order. It never buffers a whole body.

import { EnvelopeError } from './errors.ts';

/** A source of bytes in pieces. Each piece is copied before the next one is requested, so the source may reuse its memory. */
export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

const piecesOf = (source: ByteSource): AsyncIterator<Uint8Array, unknown> => {
  if (!('getReader' in source)) return source[Symbol.asyncIterator]();
  // Not every browser can iterate a stream. A generator would not cancel a stream that was never read, so this is an object.
  const reader = source.getReader();
  return {
    next: () => reader.read(),
    return: async () => {
      // For a stream that failed, `cancel` rejects. Such a stream needs no cancelling, so the error is dropped.
      await reader.cancel().catch(() => undefined);
      return { done: true, value: undefined };
    },
  };
};

/** Checks a piece by its tag, because `instanceof` refuses arrays of another realm, such as a frame. */
function assertBytes(piece: unknown): asserts piece is Uint8Array {
  if ((piece as Partial<Uint8Array> | null | undefined)?.[Symbol.toStringTag] !== 'Uint8Array')
    throw new EnvelopeError('source-invalid', 'a piece of the stream is no Uint8Array: encode a text first');
}

export interface ByteReader {
  /** Fills the array and returns the number of bytes. At the end of the source the number is smaller than the length of the array. */
  readonly fill: (into: Uint8Array) => Promise<number>;
  /** Returns true when the source has no more bytes. */
  readonly ended: () => Promise<boolean>;
  /** Cancels the source. */
  readonly close: () => Promise<void>;
}

export const byteReader = (source: ByteSource): ByteReader => {
  const pieces = piecesOf(source);
  let rest: Uint8Array = new Uint8Array(0);

  const more = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await pieces.next();
      if (next.done === true) return false;
      assertBytes(next.value);
      rest = next.value;
    }
    return true;
  };

  return {
    fill: async (into) => {
      let at = 0;
      while (at < into.length && (await more())) {
        const n = Math.min(rest.length, into.length - at);
        into.set(rest.subarray(0, n), at);
        rest = rest.subarray(n);
        at += n;
      }
      return at;
    },
    ended: async () => !(await more()),
    close: async () => {
      await pieces.return?.();
    },
  };
};

/**
 * Makes `return` of a generator call `close` first, so that a pending read ends. A generator that never started does not run its own `finally`, but
 * its `return` still calls `close`. A generator that did start may call `close` twice.
 */
export const closeOnReturn = <T>(
  generator: AsyncGenerator<T, void>,
  close: () => Promise<unknown>,
): typeof generator => {
  const giveUp = generator.return.bind(generator);
  generator.return = async (value) => {
    await close();
    return giveUp(value);
  };
  return generator;
};

/** A pool of buffers of one size. */
export const bufferPool = (size: number) => {
  const spare: Uint8Array[] = [];
  return {
    take: (): Uint8Array => spare.pop() ?? new Uint8Array(size),
    /** Takes back the buffer under these bytes. A buffer of another size is dropped. */
    release: ({ buffer }: Uint8Array): void => {
      if (buffer.byteLength === size) spare.push(new Uint8Array(buffer));
    },
  };
};

export type BufferPool = ReturnType<typeof bufferPool>;

/** Runs up to `width` items at a time and yields the results in order. At most `width` items have been requested from the source but not yielded. */
export async function* inOrder<A, B>(
  items: AsyncIterable<A>,
  width: number,
  work: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  const window: Promise<B>[] = [];
  for await (const item of items) {
    const result = work(item);
    // The consumer gets the error when it awaits the result. Until then the error must not count as an unhandled rejection.
    result.catch(() => undefined);
    window.push(result);
    if (window.length >= width) yield await window.shift()!;
  }
  while (window.length > 0) yield await window.shift()!;
}

/** Processes one item while the source produces the next. A result is yielded at once, without waiting for the next item. */
export async function* pipelined<A, B>(items: AsyncIterable<A>, work: (item: A) => Promise<B>): AsyncGenerator<B> {
  const source = items[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<A, unknown>> => {
    const coming = source.next();
    // The consumer gets the error when it awaits the item. Until then the error must not count as an unhandled rejection.
    coming.catch(() => undefined);
    return coming;
  };
  try {
    for (let next = await ask(); next.done !== true;) {
      const result = work(next.value);
      const coming = ask();
      yield await result;
      next = await coming;
    }
  } finally {
    // `return` is not awaited, because a source that waits for input ends only when that input ends.
    void source.return?.().catch(() => undefined);
  }
}
