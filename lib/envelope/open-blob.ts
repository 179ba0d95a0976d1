// Opens a blob: decrypts a stream of ciphertext to a stream of plaintext in constant memory. A chunk comes out only after its tag was checked, and the last
// chunk only after the digest of the whole blob matched the signed one. docs/spec/blob.md specifies the format.
import { concat, equalBytes } from '../bytes/binary.ts';
import { bufferPool, byteReader, inOrder, type BufferPool, type ByteReader, type ByteSource } from './bytestream.ts';
import { engine } from './choose-engine.ts';
import { bufferedPartHash } from './buffered-part-hash.ts';
import type { PartHash } from './engine.ts';
import { EnvelopeError } from './errors.ts';
import {
  blobLength,
  chunkNonce,
  compositeDigest,
  PADDED,
  paddedLength,
  PADDING_LIMIT,
  TAG_BYTES,
  type HeaderFields,
} from './header.ts';
import { deriveKeys, type DeriveOptions, type RecordKeys } from './keys.ts';

/** The facts of a blob that its author signed. */
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
  /** Length of the body, bytes, from the opened metadata. */
  readonly plainLength: number;
  /** How many chunks are decrypted at a time. */
  readonly inFlight?: number;
}

/**
 * Receives a body in another way than as a stream, for example into a file (lib/files). `open` makes the same checks as {@link openBlob}, and resolves after
 * all of them.
 */
export interface BodySink {
  readonly open: (
    ciphertext: ByteSource,
    fileKey: Uint8Array,
    blob: SignedBlob,
    options: Pick<OpenBlobOptions, 'plainLength'> & { readonly signal?: AbortSignal | undefined },
  ) => Promise<void>;
}

const IN_FLIGHT = 4;

interface SealedChunk {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Reads the chunks of a blob of the signed length. A source of another length is refused. */
async function* sealedChunks(reader: ByteReader, length: number, buffers: BufferPool): AsyncGenerator<SealedChunk> {
  for (let index = 0, at = 0; at < length; index++) {
    const buffer = buffers.take();
    const bytes = buffer.subarray(0, Math.min(buffer.length, length - at));
    if ((await reader.fill(bytes)) < bytes.length) throw new EnvelopeError('truncated', 'the blob ends early');
    at += bytes.length;
    yield { index, bytes, last: at === length };
  }
  if (!(await reader.ended())) throw new EnvelopeError('trailing-data', 'the blob goes on after its end');
}

/** The plaintext of a chunk, in pieces. */
type Plain = readonly Uint8Array[];

/** Removes the padding, which must be zero bytes. */
async function* unpadded(chunks: AsyncIterable<Plain>, plainLength: number): AsyncGenerator<Plain> {
  let left = plainLength;
  const within = (piece: Uint8Array): Uint8Array => {
    if (piece.length <= left) {
      left -= piece.length;
      return piece;
    }
    if (piece.subarray(left).some((b) => b !== 0))
      throw new EnvelopeError('length-mismatch', 'something follows the plaintext');
    const kept = piece.slice(0, left);
    left = 0;
    return kept;
  };
  for await (const chunk of chunks) yield chunk.map(within).filter((piece) => piece.length > 0);
}

/** Yields the last chunk only after `atEnd` succeeded. */
async function* endChecked(chunks: AsyncIterable<Plain>, atEnd: () => Promise<void>): AsyncGenerator<Plain> {
  let held: Plain = [];
  for await (const chunk of chunks) {
    yield held;
    held = chunk;
  }
  await atEnd();
  yield held;
}

async function* bodyOf(
  reader: ByteReader,
  key: CryptoKey,
  { header, digest, length }: SignedBlob,
  { plainLength, inFlight = IN_FLIGHT }: OpenBlobOptions,
  hash: PartHash,
): AsyncGenerator<Plain> {
  const size = Math.min(2 ** header.chunk + TAG_BYTES, length);
  const buffers = bufferPool(size);
  const digests: Promise<Uint8Array>[] = [];
  const decrypted = inOrder(
    sealedChunks(reader, length, buffers),
    engine.parallelChunks ? inFlight : 1,
    async ({ index, bytes, last }) => {
      const plain = await engine.decrypt(key, chunkNonce(index, last), bytes);
      if (plain === undefined) throw new EnvelopeError('chunk-invalid', `chunk ${index} does not open`);
      return { plain, bytes };
    },
  );
  const hashed = inOrder(decrypted, inFlight, async ({ plain, bytes }) => {
    const fed = await hash.feed(bytes);
    buffers.release(fed.bytes);
    return { plain, ended: fed.digest };
  });
  async function* opened(): AsyncGenerator<Plain> {
    for await (const { plain, ended } of hashed) {
      if (ended !== undefined) digests.push(Promise.resolve(ended));
      yield plain;
    }
  }
  try {
    yield* endChecked(unpadded(opened(), plainLength), async () => {
      const rest = await hash.end();
      if (rest !== undefined) digests.push(Promise.resolve(rest));
      if (!equalBytes(await compositeDigest(await Promise.all(digests)), digest))
        throw new EnvelopeError('digest-mismatch', 'the blob is not the one that was signed');
    });
  } finally {
    hash.close();
    await reader.close();
  }
}

const assertLengths = ({ header, length }: SignedBlob, plainLength: number): void => {
  const padded = (header.flags & PADDED) !== 0;
  const possible = Number.isSafeInteger(plainLength) && plainLength >= 0 && (!padded || plainLength < PADDING_LIMIT);
  if (!possible || blobLength(padded ? paddedLength(plainLength) : plainLength, header.chunk) !== length)
    throw new EnvelopeError('length-mismatch', 'the length in the metadata does not fit the blob');
};

const committedKeys = async (
  fileKey: Uint8Array,
  { header, commit }: Pick<SignedBlob, 'header' | 'commit'>,
  options: DeriveOptions = {},
): Promise<RecordKeys> => {
  const keys = await deriveKeys(fileKey, header, options);
  if (!equalBytes(keys.commit, commit))
    throw new EnvelopeError('commit-mismatch', 'the file key is not the one that was committed to');
  return keys;
};

/** @throws {EnvelopeError} `commit-mismatch` unless the file key matches the key commitment */
export const assertCommit = async (fileKey: Uint8Array, header: HeaderFields, commit: Uint8Array): Promise<void> => {
  await committedKeys(fileKey, { header, commit });
};

/**
 * Makes the checks that need no byte of the blob, and derives the key of the chunks.
 * @throws {EnvelopeError} `header-invalid`, `commit-mismatch`, `length-mismatch`
 */
export const payloadKey = async (
  fileKey: Uint8Array,
  blob: SignedBlob,
  { plainLength, extractable = false }: Pick<OpenBlobOptions, 'plainLength'> & DeriveOptions,
): Promise<CryptoKey> => {
  const { payload } = await committedKeys(fileKey, blob, { extractable });
  assertLengths(blob, plainLength);
  return payload;
};

/**
 * Opens a blob as a stream. Secret: `fileKey`.
 *
 * The source is cancelled when the body is refused, cancelled or read to its end.
 *
 * @throws {EnvelopeError} `header-invalid`, `commit-mismatch`, `length-mismatch`. The stream errors with `chunk-invalid`, `truncated`, `trailing-data`,
 *   `length-mismatch` or `digest-mismatch`, maybe after it gave some data: the caller must then discard that data
 */
export const openBlob = async (
  ciphertext: ByteSource,
  fileKey: Uint8Array,
  blob: SignedBlob,
  options: OpenBlobOptions,
): Promise<ReadableStream<Uint8Array>> => {
  const reader = byteReader(ciphertext);
  const { plainLength } = options;
  const opening = { plainLength, extractable: engine.extractableKeys };
  const payload = await payloadKey(fileKey, blob, opening).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  const hash = engine.partHash?.() ?? bufferedPartHash(blob.length);
  const body = bodyOf(reader, payload, blob, options, hash);
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        // A chunk can contain padding only, but `pull` must enqueue something.
        for (;;) {
          const next = await body.next();
          if (next.done === true) {
            controller.close();
            return;
          }
          for (const piece of next.value) controller.enqueue(piece);
          if (next.value.length > 0) return;
        }
      },
      cancel: async () => {
        // Close the source and the hash first: the body may be waiting for them, or may not have started.
        hash.close();
        await reader.close();
        await body.return(undefined);
      },
    },
    // Read nothing ahead of the consumer, except the chunks in flight.
    { highWaterMark: 0 },
  );
};

/** Reads a stream to its end and returns all bytes. For small blobs. */
export const collect = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => {
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(...pieces);
    pieces.push(value);
  }
};
