// From a body to parts of its blob, in constant memory: read, cut into chunks, encrypt several at a time, cut into parts, hash.
// The length need not be known before the end. docs/spec/blob.md is the page to this file.
import { concat, systemRng, type Rng } from '../bytes/binary.ts';
import { byteReader, inOrder, type ByteReader, type ByteSource } from './bytestream.ts';
import {
  chunkNonce,
  compositeDigest,
  DEFAULT_CHUNK,
  PADDED,
  paddedLength,
  PADDING_LIMIT,
  PART_BYTES,
  sha256,
  type HeaderFields,
} from './header.ts';
import { deriveKeys, encrypt } from './keys.ts';

/** A piece of the blob: 8 MiB, the last one 1 byte to 8 MiB. */
export interface SealedPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  /** A first part that is the last one goes as a single PUT. */
  readonly last: boolean;
}

/** What is known once the last part was taken. */
export interface SealedFacts {
  /** Of the blob, bytes. */
  readonly length: number;
  /** Over the parts, 32 bytes. */
  readonly digest: Uint8Array;
  /** Of the body, bytes: goes into the sealed metadata. */
  readonly plainLength: number;
}

export interface SealedBlob {
  readonly header: HeaderFields;
  /** COMMIT, 32 bytes. */
  readonly commit: Uint8Array;
  /** To be taken once, to its end, or given up by `return`, which gives up the source. */
  readonly parts: AsyncGenerator<SealedPart, void>;
  /** @throws {Error} before the last part was taken */
  readonly facts: () => SealedFacts;
}

export interface SealOptions {
  /** log2 of the chunk size, 16 to 20. */
  readonly chunk?: number;
  /** Chunks encrypted at a time. */
  readonly inFlight?: number;
  readonly rng?: Rng;
}

/** What the author decides; the rest of the header comes of the body. */
export type Heading = Omit<HeaderFields, 'algorithm' | 'chunk' | 'flags' | 'salt'>;

const IN_FLIGHT = 4;

interface Chunk {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

async function* chunksOf(
  reader: ByteReader,
  first: Uint8Array,
  size: number,
  count: (bytes: number) => void,
): AsyncGenerator<Chunk> {
  let bytes = first.length < size ? concat(first, await reader.take(size - first.length)) : first;
  for (let index = 0; ; index++) {
    count(bytes.length);
    const last = await reader.ended();
    yield { index, bytes, last };
    if (last) return;
    bytes = await reader.take(size);
  }
}

/** Cuts what comes into parts, full but for the last. A full one is held until something follows it, or nothing does. */
async function* partsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Pick<SealedPart, 'bytes' | 'last'>> {
  let held: Uint8Array[] = [];
  let filled = 0;
  const join = (): Uint8Array => {
    const bytes = concat(...held);
    // Not kept while somebody sends the part.
    held = [];
    filled = 0;
    return bytes;
  };
  for await (let piece of pieces) {
    while (piece.length > 0) {
      if (filled === PART_BYTES) yield { bytes: join(), last: false };
      const n = Math.min(piece.length, PART_BYTES - filled);
      held.push(piece.subarray(0, n));
      piece = piece.subarray(n);
      filled += n;
    }
  }
  yield { bytes: join(), last: true };
}

/**
 * Begins to seal a body: reads up to 64 KiB of it to decide on padding; the rest is read as the parts are taken.
 *
 * Secret: `fileKey`, 32 random bytes. It must be fresh for every call: two bodies under one key and header would share nonces. The salt is
 * drawn here, so a repeated call with the same arguments is harmless.
 *
 * @throws {EnvelopeError} `header-invalid`; from `parts`: whatever the source throws
 */
export const sealBlob = async (
  source: ByteSource,
  fileKey: Uint8Array,
  heading: Heading,
  { chunk = DEFAULT_CHUNK, inFlight = IN_FLIGHT, rng = systemRng }: SealOptions = {},
): Promise<SealedBlob> => {
  const reader = byteReader(source);
  const start = await reader.take(PADDING_LIMIT);
  const small = start.length < PADDING_LIMIT;
  const header: HeaderFields = { ...heading, algorithm: 1, chunk, flags: small ? PADDED : 0, salt: rng(16) };
  const keys = await deriveKeys(fileKey, header).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });

  const first = small ? concat(start, new Uint8Array(paddedLength(start.length) - start.length)) : start;
  let sealedLength = 0;
  let facts: SealedFacts | undefined;
  const chunks = chunksOf(reader, first, 2 ** chunk, (n) => (sealedLength += n));
  const sealed = inOrder(chunks, inFlight, ({ bytes, index, last }) =>
    encrypt(keys.payload, chunkNonce(index, last), bytes),
  );

  async function* parts(): AsyncGenerator<SealedPart, void> {
    const digests: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const { bytes, last } of partsOf(sealed)) {
        const digest = await sha256(bytes);
        digests.push(digest);
        length += bytes.length;
        yield { number: digests.length, bytes, sha256: digest, last };
      }
      facts = { length, digest: await compositeDigest(digests), plainLength: small ? start.length : sealedLength };
    } finally {
      await reader.close();
    }
  }

  const taken = parts();
  const giveUp = taken.return.bind(taken);
  // A generator that was never asked for anything does not run its `finally`, and the source has been read from already.
  taken.return = async (value) => {
    const result = await giveUp(value);
    await reader.close();
    return result;
  };

  return {
    header,
    commit: keys.commit,
    parts: taken,
    facts: () => {
      if (facts === undefined) throw new Error('the last part was not taken yet');
      return facts;
    },
  };
};
