// What does the work on large bodies, behind one interface: WebCrypto everywhere, and in Node its own crypto (engine-node.ts), which needs fewer
// copies and less memory. Keys are CryptoKeys; Node's engine makes KeyObjects of them.
import { decrypt, encrypt } from './keys.ts';
import { buffersOf } from './bytestream.ts';
import { PART_BYTES, TAG_BYTES } from './header.ts';
import { partDigester } from './part-digester.ts';

/** What came of bytes that were fed. */
export interface Fed {
  /** The same bytes, perhaps in another array: the one that was fed may be gone. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the part that ended within them, 32 bytes; perhaps later. */
  readonly digest?: Uint8Array | Promise<Uint8Array> | undefined;
}

/** SHA-256 of each part of a blob, as its bytes pass by in order. */
export interface PartHash {
  /** Takes the array over, which begins its buffer, until it answers. At most one part may end in it. */
  readonly feed: (bytes: Uint8Array) => Promise<Fed>;
  /** SHA-256 of the part that was not full, if there is one; nothing is fed afterwards. */
  readonly end: () => Promise<Uint8Array | undefined>;
  /** Gives up, at any time. */
  readonly close: () => void;
}

export interface Engine {
  readonly name: 'webcrypto' | 'node';
  /** Whether it is worth asking for several chunks at a time. */
  readonly manyAtOnce: boolean;
  /** Whether its keys have to be extractable CryptoKeys. */
  readonly extractableKeys: boolean;
  /**
   * Ciphertext and tag.
   * @param buffer the plaintext and 16 bytes of room; may be overwritten with the answer
   */
  readonly encrypt: (key: CryptoKey, nonce: Uint8Array, buffer: Uint8Array) => Promise<Uint8Array>;
  /** The plaintext in pieces, each in memory of its own. Undefined when the tag does not fit: nothing of the plaintext is known then. */
  readonly decrypt: (
    key: CryptoKey,
    nonce: Uint8Array,
    sealed: Uint8Array,
  ) => Promise<readonly Uint8Array[] | undefined>;
  /** Hashing on the way, while more is worked on; undefined where only whole parts can be hashed. */
  readonly partHash?: () => PartHash;
}

/** For a blob of this length, bytes, where only whole parts can be hashed: one is held while the one before is hashed, and nothing is answered before that. */
export const wholeParts = (length: number, digester = partDigester()): PartHash => {
  const size = Math.min(length, PART_BYTES);
  const buffers = buffersOf(size);
  let part: Uint8Array | undefined;
  let filled = 0;
  /** Until the part before was hashed. */
  let busy: Promise<unknown> | undefined;
  const fill = (bytes: Uint8Array): Uint8Array => {
    part ??= buffers.take();
    part.set(bytes, filled);
    filled += bytes.length;
    return part;
  };
  const digestOf = async (whole: Uint8Array): Promise<Uint8Array> => {
    const { bytes, digest } = await digester.digest(whole);
    buffers.giveBack(bytes);
    return digest;
  };
  return {
    feed: async (bytes) => {
      const n = Math.min(bytes.length, size - filled);
      const whole = fill(bytes.subarray(0, n));
      if (filled < size) return { bytes };
      const [before, digest] = [busy, digestOf(whole)];
      // Whoever takes it sees the failure; until then it is no unhandled one.
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
