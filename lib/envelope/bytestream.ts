// Pieces of any size in, pieces of the wanted size out, without holding more than one of each.

/** A piece is copied before the next one is asked for: a source may use its memory again. */
export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

const piecesOf = (source: ByteSource): AsyncIterator<Uint8Array, unknown> => {
  if (!('getReader' in source)) return source[Symbol.asyncIterator]();
  // Not every browser iterates streams; and a stream must be given up even if nothing was read of it, which a generator would not do.
  const reader = source.getReader();
  return {
    next: () => reader.read(),
    return: async () => {
      // A stream that broke is given up already.
      await reader.cancel().catch(() => undefined);
      return { done: true, value: undefined };
    },
  };
};

export interface ByteReader {
  /** Fills the array and gives the number of bytes, fewer than asked only at the end of the source. */
  readonly fill: (into: Uint8Array) => Promise<number>;
  /** Whether the source has nothing more. */
  readonly ended: () => Promise<boolean>;
  /** Gives the source up. */
  readonly close: () => Promise<void>;
}

export const byteReader = (source: ByteSource): ByteReader => {
  const pieces = piecesOf(source);
  let rest: Uint8Array = new Uint8Array(0);

  const more = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await pieces.next();
      if (next.done === true) return false;
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
 * The same generator; giving it up does this first, so that what it waits for ends. One that was never asked for anything does not run its own `finally`, so
 * it may be done twice.
 */
export const closing = <T>(generator: AsyncGenerator<T, void>, close: () => Promise<unknown>): typeof generator => {
  const giveUp = generator.return.bind(generator);
  generator.return = async (value) => {
    await close();
    return giveUp(value);
  };
  return generator;
};

/** Buffers of one size, used again once somebody gave them back. */
export const buffersOf = (size: number) => {
  const spare: Uint8Array[] = [];
  return {
    take: (): Uint8Array => spare.pop() ?? new Uint8Array(size),
    /** The buffer under these bytes; one of another size is dropped. */
    giveBack: ({ buffer }: Uint8Array): void => {
      if (buffer.byteLength === size) spare.push(new Uint8Array(buffer));
    },
  };
};

export type Buffers = ReturnType<typeof buffersOf>;

/** Runs up to `width` at a time and gives the results in order; the source is asked for no more than that ahead. */
export async function* inOrder<A, B>(
  items: AsyncIterable<A>,
  width: number,
  work: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  const window: Promise<B>[] = [];
  for await (const item of items) {
    const result = work(item);
    // Whoever awaits it sees the failure; until then it is no unhandled one.
    result.catch(() => undefined);
    window.push(result);
    if (window.length >= width) yield await window.shift()!;
  }
  while (window.length > 0) yield await window.shift()!;
}

/** Works on one item while the source makes the next. No result waits for the next item, whether it is late or never comes. */
export async function* meanwhile<A, B>(items: AsyncIterable<A>, work: (item: A) => Promise<B>): AsyncGenerator<B> {
  const source = items[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<A, unknown>> => {
    const coming = source.next();
    // Whoever awaits it sees the failure; until then it is no unhandled one.
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
    // It may be waiting, and ends when what it waits for does.
    void source.return?.().catch(() => undefined);
  }
}
