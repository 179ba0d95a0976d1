// From a blob to its body, in constant memory. Nothing leaves before its tag was checked, and the end only after the whole blob turned out
// to be the one that was signed. docs/spec/blob.md is the page to this file.
import { concat, equalBytes } from '../bytes/binary.ts';
import { byteReader, inOrder, type ByteReader, type ByteSource } from './bytestream.ts';
import { EnvelopeError } from './errors.ts';
import {
  blobLength,
  chunkNonce,
  compositeDigest,
  PADDED,
  paddedLength,
  PADDING_LIMIT,
  PART_BYTES,
  sha256,
  TAG_BYTES,
  type HeaderFields,
} from './header.ts';
import { decrypt, deriveKeys, type RecordKeys } from './keys.ts';

/** What the author signed of the blob. */
export interface SignedBlob {
  readonly header: HeaderFields;
  /** 32 bytes. */
  readonly commit: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** Bytes. */
  readonly length: number;
}

export interface OpenBlobOptions {
  /** Of the body, bytes, from the opened metadata. */
  readonly plainLength: number;
  /** Chunks decrypted at a time. */
  readonly inFlight?: number;
}

const IN_FLIGHT = 4;

/** Hashes a blob of this length as it passes by, part by part; one part is held, and one more while it is hashed. */
const partHasher = (length: number) => {
  const digests: Promise<Uint8Array>[] = [];
  let left = length;
  const nextPart = (): Uint8Array => {
    const bytes = Math.min(left, PART_BYTES);
    left -= bytes;
    return new Uint8Array(bytes);
  };
  let part = nextPart();
  let filled = 0;
  const close = async (): Promise<void> => {
    // One hash at a time: a second part waiting would be memory for nothing.
    await digests.at(-1);
    digests.push(sha256(part));
    part = nextPart();
    filled = 0;
  };
  return {
    feed: async (bytes: Uint8Array): Promise<void> => {
      let rest = bytes;
      while (rest.length > 0) {
        if (filled === part.length) await close();
        const n = Math.min(rest.length, part.length - filled);
        part.set(rest.subarray(0, n), filled);
        filled += n;
        rest = rest.subarray(n);
      }
    },
    digest: async (): Promise<Uint8Array> => {
      await close();
      return compositeDigest(await Promise.all(digests));
    },
  };
};

interface SealedChunk {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Chunks of the length that was signed; a stream of any other length is refused. */
async function* sealedChunks(
  reader: ByteReader,
  { header, length }: SignedBlob,
  hash: (bytes: Uint8Array) => Promise<void>,
): AsyncGenerator<SealedChunk> {
  const size = 2 ** header.chunk + TAG_BYTES;
  for (let index = 0, at = 0; at < length; index++) {
    const wanted = Math.min(size, length - at);
    const bytes = await reader.take(wanted);
    if (bytes.length < wanted) throw new EnvelopeError('truncated', 'the blob ends early');
    at += wanted;
    await hash(bytes);
    yield { index, bytes, last: at === length };
  }
  if (!(await reader.ended())) throw new EnvelopeError('trailing-data', 'the blob goes on after its end');
}

/** The body without its padding, which must be zero bytes. */
async function* unpadded(chunks: AsyncIterable<Uint8Array>, plainLength: number): AsyncGenerator<Uint8Array> {
  let left = plainLength;
  for await (const chunk of chunks) {
    const n = Math.min(left, chunk.length);
    if (chunk.subarray(n).some((b) => b !== 0))
      throw new EnvelopeError('length-mismatch', 'something follows the plaintext');
    left -= n;
    if (n > 0) yield n === chunk.length ? chunk : chunk.slice(0, n);
  }
}

/** Holds back the last piece until the end was reached without a fault. */
async function* endChecked(pieces: AsyncIterable<Uint8Array>, atEnd: () => Promise<void>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    if (held !== undefined) yield held;
    held = piece;
  }
  await atEnd();
  if (held !== undefined) yield held;
}

async function* bodyOf(
  reader: ByteReader,
  key: CryptoKey,
  blob: SignedBlob,
  options: OpenBlobOptions,
): AsyncGenerator<Uint8Array> {
  const hasher = partHasher(blob.length);
  const opened = inOrder(
    sealedChunks(reader, blob, hasher.feed),
    options.inFlight ?? IN_FLIGHT,
    async ({ index, bytes, last }) => {
      const plain = await decrypt(key, chunkNonce(index, last), bytes);
      if (plain === undefined) throw new EnvelopeError('chunk-invalid', `chunk ${index} does not open`);
      return plain;
    },
  );
  try {
    yield* endChecked(unpadded(opened, options.plainLength), async () => {
      if (!equalBytes(await hasher.digest(), blob.digest))
        throw new EnvelopeError('digest-mismatch', 'the blob is not the one that was signed');
    });
  } finally {
    await reader.close();
  }
}

const assertLengths = ({ header, length }: SignedBlob, plainLength: number): void => {
  const padded = (header.flags & PADDED) !== 0;
  const possible = Number.isSafeInteger(plainLength) && plainLength >= 0 && (!padded || plainLength < PADDING_LIMIT);
  if (!possible || blobLength(padded ? paddedLength(plainLength) : plainLength, header.chunk) !== length)
    throw new EnvelopeError('length-mismatch', 'the length in the metadata does not fit the blob');
};

const committedKeys = async (fileKey: Uint8Array, header: HeaderFields, commit: Uint8Array): Promise<RecordKeys> => {
  const keys = await deriveKeys(fileKey, header);
  if (!equalBytes(keys.commit, commit))
    throw new EnvelopeError('commit-mismatch', 'the file key is not the one that was committed to');
  return keys;
};

/** @throws {EnvelopeError} `commit-mismatch` unless the file key is the one that the author committed to */
export const assertCommit = async (fileKey: Uint8Array, header: HeaderFields, commit: Uint8Array): Promise<void> => {
  await committedKeys(fileKey, header, commit);
};

/** What can be refused before a byte was read. */
const payloadKey = async (
  fileKey: Uint8Array,
  blob: SignedBlob,
  { plainLength }: OpenBlobOptions,
): Promise<CryptoKey> => {
  const { payload } = await committedKeys(fileKey, blob.header, blob.commit);
  assertLengths(blob, plainLength);
  return payload;
};

/**
 * The body as a stream. Secret: `fileKey`.
 *
 * The ciphertext is given up when the body was refused, cancelled or read to its end.
 *
 * @throws {EnvelopeError} `header-invalid`, `commit-mismatch`, `length-mismatch`; the stream errors with `chunk-invalid`, `truncated`, `trailing-data`,
 *   `length-mismatch`, `digest-mismatch`, even after data came out: then none of it counts
 */
export const openBlob = async (
  ciphertext: ByteSource,
  fileKey: Uint8Array,
  blob: SignedBlob,
  options: OpenBlobOptions,
): Promise<ReadableStream<Uint8Array>> => {
  const reader = byteReader(ciphertext);
  const payload = await payloadKey(fileKey, blob, options).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  const body = bodyOf(reader, payload, blob, options);
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await body.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: async () => {
        // First the source: the body may be waiting for it, or may not have begun.
        await reader.close();
        await body.return(undefined);
      },
    },
    // Nothing is read ahead of the reader but what is in flight.
    { highWaterMark: 0 },
  );
};

/** A small blob at once. */
export const collect = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => {
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(...pieces);
    pieces.push(value);
  }
};
