// From a blob to its body, in constant memory. Nothing leaves before its tag was checked, and the end only after the whole blob turned out
// to be the one that was signed. docs/spec/blob.md is the page to this file.
import { concat, equalBytes } from '../bytes/binary.ts';
import { buffersOf, byteReader, inOrder, type Buffers, type ByteReader, type ByteSource } from './bytestream.ts';
import { engine } from './choose-engine.ts';
import { wholeParts, type PartHash } from './engine.ts';
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

/** What takes a body in other ways than as a stream, such as a file (lib/files): as {@link openBlob}, done when all of it was checked. */
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

/** Chunks of the length that was signed; a stream of any other length is refused. */
async function* sealedChunks(reader: ByteReader, length: number, buffers: Buffers): AsyncGenerator<SealedChunk> {
  for (let index = 0, at = 0; at < length; index++) {
    const buffer = buffers.take();
    const bytes = buffer.subarray(0, Math.min(buffer.length, length - at));
    if ((await reader.fill(bytes)) < bytes.length) throw new EnvelopeError('truncated', 'the blob ends early');
    at += bytes.length;
    yield { index, bytes, last: at === length };
  }
  if (!(await reader.ended())) throw new EnvelopeError('trailing-data', 'the blob goes on after its end');
}

/** A chunk of the body, in pieces. */
type Plain = readonly Uint8Array[];

/** The body without its padding, which must be zero bytes. */
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

/** Holds back the last chunk until the end was reached without a fault. */
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
  const buffers = buffersOf(size);
  const digests: Promise<Uint8Array>[] = [];
  const decrypted = inOrder(
    sealedChunks(reader, length, buffers),
    engine.manyAtOnce ? inFlight : 1,
    async ({ index, bytes, last }) => {
      const plain = await engine.decrypt(key, chunkNonce(index, last), bytes);
      if (plain === undefined) throw new EnvelopeError('chunk-invalid', `chunk ${index} does not open`);
      return { plain, bytes };
    },
  );
  const hashed = inOrder(decrypted, inFlight, async ({ plain, bytes }) => {
    const fed = await hash.feed(bytes);
    buffers.giveBack(fed.bytes);
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

/** @throws {EnvelopeError} `commit-mismatch` unless the file key is the one that the author committed to */
export const assertCommit = async (fileKey: Uint8Array, header: HeaderFields, commit: Uint8Array): Promise<void> => {
  await committedKeys(fileKey, { header, commit });
};

/**
 * What the chunks are sealed with, after what can be refused before a byte was read.
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
  const { plainLength } = options;
  const opening = { plainLength, extractable: engine.extractableKeys };
  const payload = await payloadKey(fileKey, blob, opening).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  const hash = engine.partHash?.() ?? wholeParts(blob.length);
  const body = bodyOf(reader, payload, blob, options, hash);
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        // A chunk may hold nothing of the body, and whoever pulls waits for something.
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
        // First the source and the hash: the body may be waiting for them, or may not have begun.
        hash.close();
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
