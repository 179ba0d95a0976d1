// From a body to parts of its blob, in constant memory: read, cut into chunks, encrypt several at a time, cut into parts, hash.
// The length need not be known before the end. docs/spec/blob.md is the page to this file.
import { systemRng, type Rng } from '../bytes/binary.ts';
import {
  buffersOf,
  byteReader,
  closing,
  inOrder,
  meanwhile,
  type Buffers,
  type ByteReader,
  type ByteSource,
} from './bytestream.ts';
import { engine } from './choose-engine.ts';
import type { Fed } from './engine.ts';
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

/** A piece of the blob: 8 MiB, the last one 1 byte to 8 MiB. */
export interface SealedPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  /** A first part that is the last one goes as a single PUT. */
  readonly last: boolean;
  /** Says that the bytes are not needed any more, so that a later part may use their memory. Who does not say so keeps them. */
  readonly release: () => void;
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

/** A body that is sealed in other ways than as a stream, such as a file by threads (lib/files): as {@link sealBlob}. */
export interface SelfSealing {
  readonly seal: (
    fileKey: Uint8Array,
    heading: Heading,
    options: Pick<SealOptions, 'rng'> & { readonly signal?: AbortSignal | undefined },
  ) => Promise<SealedBlob>;
}

const IN_FLIGHT = 4;

interface Chunk {
  readonly index: number;
  /** The plaintext, and room for the tag. */
  readonly buffer: Uint8Array;
  readonly last: boolean;
}

/** @param first a buffer like those that follow, with the first bytes of the body in it; it may be smaller when they are all */
async function* chunksOf(
  reader: ByteReader,
  first: { readonly buffer: Uint8Array; readonly filled: number },
  buffers: Buffers,
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
interface Sealed extends Fed {
  readonly last: boolean;
}

/** Joins sealed chunks to parts, full but for the last. Digests come with the chunk that ends a part, if at all. */
async function* partsOf(
  chunks: AsyncIterable<Sealed>,
  buffers: Buffers,
  used: (chunk: Uint8Array) => void,
): AsyncGenerator<Sealed> {
  let part: Uint8Array | undefined;
  let filled = 0;
  const finish = (last: boolean, digest: Fed['digest']): Sealed => {
    const bytes = part!.subarray(0, filled);
    part = undefined;
    filled = 0;
    return { bytes, digest, last };
  };
  for await (const { bytes, digest, last } of chunks) {
    for (let rest = bytes; rest.length > 0;) {
      // Small bodies are one part of their own size.
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
  const buffers = buffersOf(size);
  const filled = small ? paddedLength(start.length) : start.length;
  const buffer = small ? new Uint8Array(filled + TAG_BYTES) : buffers.take();
  buffer.set(start);
  let plainLength = small ? start.length : 0;
  let facts: SealedFacts | undefined;
  const hash = engine.partHash?.();
  const encrypted = inOrder(
    chunksOf(reader, { buffer, filled }, buffers),
    engine.manyAtOnce ? inFlight : 1,
    async ({ index, buffer, last }) => {
      if (!small) plainLength += buffer.length - TAG_BYTES;
      return { bytes: await engine.encrypt(keys.payload, chunkNonce(index, last), buffer), last };
    },
  );
  const sealed =
    hash === undefined
      ? encrypted
      : inOrder(encrypted, inFlight, async ({ bytes, last }) => ({ ...(await hash.feed(bytes)), last }));
  const partBuffers = buffersOf(PART_BYTES);
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
    const cut = partsOf(sealed, partBuffers, buffers.giveBack);
    try {
      // Where parts are hashed as a whole, one is while the next is sealed.
      for await (const { bytes, digest, last } of hash === undefined
        ? meanwhile(cut, digested)
        : inOrder(cut, 1, digested)) {
        // What is read of a source that was given up looks like its end.
        if (givenUp) return;
        digests.push(digest);
        length += bytes.length;
        let released = false;
        const release = (): void => {
          if (!released) partBuffers.giveBack(bytes);
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
    // The source has been read from already.
    parts: closing(parts(), giveUp),
    facts: () => {
      if (facts === undefined) throw new Error('the last part was not taken yet');
      return facts;
    },
  };
};
