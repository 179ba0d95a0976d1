// Interface of the crypto engine that encrypts, decrypts and hashes large bodies, and its implementation on WebCrypto. In Node, engine-node.ts is used:
// it needs fewer copies and less memory. Keys are CryptoKeys; Node's engine turns them into KeyObjects.
import { decrypt, encrypt } from './keys.ts';
import { bufferPool } from './bytestream.ts';
import { PART_BYTES, TAG_BYTES } from './header.ts';
import { partDigester } from './part-digester.ts';

/** The result of hashing some bytes. */
export interface HashedChunk {
  /** The same bytes, maybe in another array: do not use the original array any more. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the part that ended within the bytes, 32 bytes; maybe as a promise. Undefined if no part ended. */
  readonly digest?: Uint8Array | Promise<Uint8Array> | undefined;
}

/** Computes SHA-256 of each part of a blob. The bytes of the blob are fed in order. */
export interface PartHash {
  /** Owns `bytes` until the promise resolves. `bytes.byteOffset` must be 0, and at most one part may end within them. */
  readonly feed: (bytes: Uint8Array) => Promise<HashedChunk>;
  /** Returns SHA-256 of the last part if it is not full. Nothing may be fed afterwards. */
  readonly end: () => Promise<Uint8Array | undefined>;
  /** Stops hashing. It can be called at any time. */
  readonly close: () => void;
}

export interface Engine {
  readonly name: 'webcrypto' | 'node';
  /** Whether it is faster to process several chunks at a time. */
  readonly manyAtOnce: boolean;
  /** Whether its keys have to be extractable CryptoKeys. */
  readonly extractableKeys: boolean;
  /**
   * Returns ciphertext and tag.
   * @param buffer the plaintext, followed by 16 unused bytes; may be overwritten with the result
   */
  readonly encrypt: (key: CryptoKey, nonce: Uint8Array, buffer: Uint8Array) => Promise<Uint8Array>;
  /** Returns the plaintext in pieces, each in memory of its own; undefined, without any plaintext, if the tag is wrong. */
  readonly decrypt: (
    key: CryptoKey,
    nonce: Uint8Array,
    sealed: Uint8Array,
  ) => Promise<readonly Uint8Array[] | undefined>;
  /** Hashes bytes as they arrive, in parallel with other work. Undefined if the engine can hash whole parts only. */
  readonly partHash?: () => PartHash;
}

/** Hashes parts for an engine that can hash whole parts only. It buffers one part while the previous one is hashed. @param length of the blob, bytes */
export const wholeParts = (length: number, digester = partDigester()): PartHash => {
  const size = Math.min(length, PART_BYTES);
  const buffers = bufferPool(size);
  let part: Uint8Array | undefined;
  let filled = 0;
  /** Settles when the previous part is hashed. */
  let busy: Promise<unknown> | undefined;
  const fill = (bytes: Uint8Array): Uint8Array => {
    part ??= buffers.take();
    part.set(bytes, filled);
    filled += bytes.length;
    return part;
  };
  const digestOf = async (whole: Uint8Array): Promise<Uint8Array> => {
    const { bytes, digest } = await digester.digest(whole);
    buffers.release(bytes);
    return digest;
  };
  return {
    feed: async (bytes) => {
      const n = Math.min(bytes.length, size - filled);
      const whole = fill(bytes.subarray(0, n));
      if (filled < size) return { bytes };
      const [before, digest] = [busy, digestOf(whole)];
      // The consumer gets the error when it awaits the digest; until then it must not count as an unhandled rejection.
      digest.catch(() => undefined);
      busy = digest;
      part = undefined;
      filled = 0;
      if (n < bytes.length) fill(bytes.subarray(n));
      await before;
      return { bytes, digest };
    },
    end: async () => (filled === 0 ? undefined : digestOf(part!.subarray(0, filled))),
    close: digester.close,
  };
};

export const webEngine: Engine = {
  name: 'webcrypto',
  manyAtOnce: true,
  extractableKeys: false,
  encrypt: (key, nonce, buffer) => encrypt(key, nonce, buffer.subarray(0, buffer.length - TAG_BYTES)),
  decrypt: async (key, nonce, sealed) => {
    const plain = await decrypt(key, nonce, sealed);
    return plain && [plain];
  },
};
