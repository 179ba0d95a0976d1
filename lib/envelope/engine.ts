// Interface of the crypto engine that encrypts, decrypts and hashes large bodies. engine-web.ts implements it on WebCrypto, engine-node.ts on Node's crypto,
// which needs fewer copies and less memory. Keys are CryptoKeys; Node's engine turns them into KeyObjects.

/** The result of hashing some bytes. */
export interface HashedChunk {
  /** The same bytes, maybe in another array: do not use the original array any more. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the part that ended within the bytes, 32 bytes; maybe as a promise. Undefined if no part ended. */
  readonly digest?: Uint8Array | Promise<Uint8Array> | undefined;
}

/** Computes SHA-256 of each part of a blob. The bytes of the blob are fed in order. */
export interface PartHash {
  /** Hashes the next bytes. The engine owns `bytes` until the promise resolves. `bytes.byteOffset` must be 0, and at most one part may end within them. */
  readonly feed: (bytes: Uint8Array) => Promise<HashedChunk>;
  /** Returns SHA-256 of the last part if it is not full. Nothing may be fed afterwards. */
  readonly end: () => Promise<Uint8Array | undefined>;
  /** Stops hashing. It can be called at any time. */
  readonly close: () => void;
}

export interface Engine {
  readonly name: 'webcrypto' | 'node';
  /** Whether it is faster to process several chunks at a time. */
  readonly parallelChunks: boolean;
  /** Whether the engine needs extractable CryptoKeys. */
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
