// Pieces of any size in, pieces of the wanted size out, without holding more than one of each.

export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  if (!('getReader' in source)) {
    yield* source;
    return;
  }
  // Not every browser iterates streams.
  const reader = source.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export interface ByteReader {
  /** Up to `length` bytes, fewer only at the end of the source; none once it has ended. A fresh array each time. */
  readonly take: (length: number) => Promise<Uint8Array>;
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
    take: async (length) => {
      const out = new Uint8Array(length);
      let at = 0;
      while (at < length && (await more())) {
        const n = Math.min(rest.length, length - at);
        out.set(rest.subarray(0, n), at);
        rest = rest.subarray(n);
        at += n;
      }
      return at === length ? out : out.slice(0, at);
    },
    ended: async () => !(await more()),
    close: async () => {
      await pieces.return(undefined);
    },
  };
};

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
