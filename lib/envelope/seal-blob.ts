// Seals a body: reads a stream, encrypts it in chunks, joins the chunks to parts and hashes the parts, in constant memory.
// The length of the body need not be known in advance. docs/spec/blob.md specifies the format.
import { systemRng, type Rng } from '../bytes/binary.ts';
import {
  bufferPool,
  byteReader,
  closeOnReturn,
  inOrder,
  pipelined,
  type BufferPool,
  type ByteReader,
  type ByteSource,
} from './bytestream.ts';
import { engine } from './choose-engine.ts';
import type { HashedChunk } from './engine.ts';
import { partDigester } from './part-digester.ts';
import {
  chunkNonce,
  compositeDigest,
  DEFAULT_CHUNK,
  PADDED,
  paddedLength,
  PADDING_LIMIT,
  PART_BYTES,
  TAG_BYTES,
  type HeaderFields,
} from './header.ts';
import { deriveKeys } from './keys.ts';

/** A part of the blob: 8 MiB, or 1 byte to 8 MiB for the last one. */
export interface SealedPart {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  /** Whether this is the last part. A blob of one part is uploaded by a single PUT. */
  readonly last: boolean;
  /** Allows a later part to reuse the memory. Optional: without this call, the bytes stay valid. */
  readonly release: () => void;
}

/** Facts that are known after the last part was read. */
export interface SealedFacts {
  /** Length of the blob, bytes. */
  readonly length: number;
  /** Digest over the parts, 32 bytes. */
  readonly digest: Uint8Array;
  /** Length of the body, bytes. It goes into the sealed metadata. */
  readonly plainLength: number;
}

export interface SealedBlob {
  readonly header: HeaderFields;
  /** The key commitment, 32 bytes. */
  readonly commit: Uint8Array;
  /** Read this once, to its end, or call `return`, which cancels the source. */
  readonly parts: AsyncGenerator<SealedPart, void>;
  /** @throws {Error} before the last part was read */
  readonly facts: () => SealedFacts;
}

export interface SealOptions {
  /** log2 of the chunk size, 16 to 20. */
  readonly chunk?: number;
  /** How many chunks are encrypted at a time. */
  readonly inFlight?: number;
  readonly rng?: Rng;
}

/** The header fields that the author chooses. The others follow from the body. */
export type HeaderInput = Omit<HeaderFields, 'algorithm' | 'chunk' | 'flags' | 'salt'>;

/** A body that seals itself in another way than as a stream, for example a file by worker threads (lib/files). The result is that of {@link sealBlob}. */
export interface BodySource {
  readonly seal: (
    fileKey: Uint8Array,
    heading: HeaderInput,
    options: Pick<SealOptions, 'rng'> & { readonly signal?: AbortSignal | undefined },
  ) => Promise<SealedBlob>;
}

const IN_FLIGHT = 4;

interface Chunk {
  readonly index: number;
  /** The plaintext, followed by 16 unused bytes for the tag. */
  readonly buffer: Uint8Array;
  readonly last: boolean;
}

/** @param first a buffer with the first bytes of the body, of the same size as later ones; it may be smaller if it contains the whole body */
async function* chunksOf(
  reader: ByteReader,
  first: { readonly buffer: Uint8Array; readonly filled: number },
  buffers: BufferPool,
): AsyncGenerator<Chunk> {
  let { buffer, filled } = first;
  for (let index = 0; ; index++) {
    filled += await reader.fill(buffer.subarray(filled, buffer.length - TAG_BYTES));
    const last = await reader.ended();
    yield { index, buffer: buffer.subarray(0, filled + TAG_BYTES), last };
    if (last) return;
    buffer = buffers.take();
    filled = 0;
  }
}

/** A sealed chunk, or a part of the blob. */
interface Sealed extends HashedChunk {
  readonly last: boolean;
}

/** Joins sealed chunks to parts. All parts but the last are full. A part has a digest if its last chunk had one. */
async function* partsOf(
  chunks: AsyncIterable<Sealed>,
  buffers: BufferPool,
  used: (chunk: Uint8Array) => void,
): AsyncGenerator<Sealed> {
  let part: Uint8Array | undefined;
  let filled = 0;
  const finish = (last: boolean, digest: HashedChunk['digest']): Sealed => {
    const bytes = part!.subarray(0, filled);
    part = undefined;
    filled = 0;
    return { bytes, digest, last };
  };
  for await (const { bytes, digest, last } of chunks) {
    for (let rest = bytes; rest.length > 0;) {
      // A small body gets one part of its own size.
      part ??= last ? new Uint8Array(Math.min(rest.length, PART_BYTES)) : buffers.take();
      const n = Math.min(rest.length, part.length - filled);
      part.set(rest.subarray(0, n), filled);
      filled += n;
      rest = rest.subarray(n);
      const end = last && rest.length === 0;
      if (filled === PART_BYTES || end) yield finish(end, filled === PART_BYTES ? digest : undefined);
    }
    used(bytes);
  }
}

/**
 * Starts to seal a body. It reads up to 64 KiB to decide on padding; the rest is read while the caller reads `parts`.
 *
 * Secret: `fileKey`, 32 random bytes. It must be fresh for every call, because two bodies under one key and header would get the same nonces. Each call draws a
 * new salt for the header, so a second call with the same arguments, made by mistake, is harmless: the second blob has other keys.
 *
 * @throws {EnvelopeError} `header-invalid`; reading `parts` throws the errors of the source
 */
export const sealBlob = async (
  source: ByteSource,
  fileKey: Uint8Array,
  heading: HeaderInput,
  { chunk = DEFAULT_CHUNK, inFlight = IN_FLIGHT, rng = systemRng }: SealOptions = {},
): Promise<SealedBlob> => {
  const reader = byteReader(source);
  const head = new Uint8Array(PADDING_LIMIT);
  const start = head.subarray(0, await reader.fill(head));
  const small = start.length < PADDING_LIMIT;
  const header: HeaderFields = { ...heading, algorithm: 1, chunk, flags: small ? PADDED : 0, salt: rng(16) };
  const keys = await deriveKeys(fileKey, header, { extractable: engine.extractableKeys }).catch(
    async (error: unknown) => {
      await reader.close();
      throw error;
    },
  );

  const size = 2 ** chunk + TAG_BYTES;
  const buffers = bufferPool(size);
  const filled = small ? paddedLength(start.length) : start.length;
  const buffer = small ? new Uint8Array(filled + TAG_BYTES) : buffers.take();
  buffer.set(start);
  let plainLength = small ? start.length : 0;
  let facts: SealedFacts | undefined;
  const hash = engine.partHash?.();
  const encrypted = inOrder(
    chunksOf(reader, { buffer, filled }, buffers),
    engine.parallelChunks ? inFlight : 1,
    async ({ index, buffer, last }) => {
      if (!small) plainLength += buffer.length - TAG_BYTES;
      return { bytes: await engine.encrypt(keys.payload, chunkNonce(index, last), buffer), last };
    },
  );
  const sealed =
    hash === undefined
      ? encrypted
      : inOrder(encrypted, inFlight, async ({ bytes, last }) => ({ ...(await hash.feed(bytes)), last }));
  const partBuffers = bufferPool(PART_BYTES);
  const digester = partDigester();
  const digested = async ({ bytes, digest, last }: Sealed) => {
    const known = (await digest) ?? (await hash?.end());
    return known === undefined ? { ...(await digester.digest(bytes)), last } : { bytes, digest: known, last };
  };

  let givenUp = false;
  const giveUp = async (): Promise<void> => {
    givenUp = true;
    digester.close();
    hash?.close();
    await reader.close();
  };

  async function* parts(): AsyncGenerator<SealedPart, void> {
    const digests: Uint8Array[] = [];
    let length = 0;
    const cut = partsOf(sealed, partBuffers, buffers.release);
    try {
      // If whole parts are hashed, one part is hashed while the next one is sealed.
      for await (const { bytes, digest, last } of hash === undefined
        ? pipelined(cut, digested)
        : inOrder(cut, 1, digested)) {
        // A cancelled source looks as if it had ended, so this part may be incomplete and is not returned to the caller.
        if (givenUp) return;
        digests.push(digest);
        length += bytes.length;
        let released = false;
        const release = (): void => {
          if (!released) partBuffers.release(bytes);
          released = true;
        };
        yield { bytes, sha256: digest, number: digests.length, last, release };
      }
      if (!givenUp) facts = { length, digest: await compositeDigest(digests), plainLength };
    } catch (error) {
      if (!givenUp) throw error;
    } finally {
      await giveUp();
    }
  }

  return {
    header,
    commit: keys.commit,
    // The source was already read from, so it must be closed even if no part is ever read.
    parts: closeOnReturn(parts(), giveUp),
    facts: () => {
      if (facts === undefined) throw new Error('the last part was not taken yet');
      return facts;
    },
  };
};
