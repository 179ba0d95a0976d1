// Crypto engine on Node's crypto. AES-GCM runs on the calling thread, in small pieces whose memory is reused. The calling thread also hashes the first parts of
// a body. A worker thread hashes the further parts of a large body; it receives the buffers and returns them.
import type { Engine, HashedChunk, PartHash } from './engine.ts';
import type { HashAnswer, HashRequest } from './hash-worker-node.ts';
import { WORKER } from './hash-worker-node.generated.ts';
import { PART_BYTES, TAG_BYTES } from './header.ts';

type Builtin = NodeJS.Process['getBuiltinModule'];
type Crypto = ReturnType<typeof getCrypto>;
type Threads = ReturnType<typeof getThreads>;
const getCrypto = (builtin: Builtin) => builtin('crypto');
const getThreads = (builtin: Builtin) => builtin('worker_threads');
type MessagePort = InstanceType<Threads['MessagePort']>;

const ALGORITHM = 'aes-256-gcm';
/** Bytes that are encrypted or decrypted at a time. Each result gets new memory, and small allocations are cheap. */
const PIECE = 65_536;
/** Parts that are hashed on the calling thread. Starting a thread takes about as long as hashing five parts. */
const PARTS_BEFORE_THREAD = 4;

/** Hashes bytes in order. If a part ends within the bytes, at `cut`, the result has the digest of that part. */
interface Hasher {
  readonly step: (bytes: Uint8Array, cut: number | undefined) => Promise<HashedChunk>;
  readonly end: () => Promise<Uint8Array>;
  readonly close: () => void;
}

const localHasher = ({ createHash }: Crypto): Hasher => {
  let hash = createHash('sha256');
  const digestOf = (): Uint8Array => {
    const digest = new Uint8Array(hash.digest());
    hash = createHash('sha256');
    return digest;
  };
  return {
    step: async (bytes, cut) => {
      hash.update(bytes.subarray(0, cut));
      if (cut === undefined) return Promise.resolve({ bytes });
      const digest = digestOf();
      hash.update(bytes.subarray(cut));
      return Promise.resolve({ bytes, digest });
    },
    end: () => Promise.resolve(digestOf()),
    close: () => undefined,
  };
};

/** A {@link Hasher} in a worker thread. */
const threadHasher = ({ Worker }: Threads): Hasher => {
  const worker = new Worker(WORKER, {
    eval: true,
    execArgv: [],
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  const waiting: { readonly resolve: (answer: HashAnswer) => void; readonly reject: (error: Error) => void }[] = [];
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  worker.on('message', (answer: HashAnswer) => {
    waiting.shift()?.resolve(answer);
    if (waiting.length === 0) worker.unref();
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the hashing thread ended')));
  // The worker keeps the process alive only while an answer is pending.
  worker.unref();

  const ask = (message: HashRequest, transfer: readonly ArrayBuffer[]): Promise<HashAnswer> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      waiting.push({ resolve, reject });
      worker.ref();
      worker.postMessage(message, transfer);
    });
  return {
    step: async (bytes, cut) => {
      const { length } = bytes;
      const given = bytes.buffer as ArrayBuffer;
      const { buffer, digest } = await ask({ buffer: given, length, cut }, [given]);
      return { bytes: new Uint8Array(buffer!, 0, length), digest };
    },
    end: async () => (await ask({}, [])).digest!,
    close: () => void worker.terminate(),
  };
};

const partHash = (crypto: Crypto, threads: Threads): PartHash => {
  let hasher = localHasher(crypto);
  let left = PART_BYTES;
  let parts = 0;
  /** Starts the worker thread for the parts that follow. If no thread can start, the calling thread goes on hashing. */
  const moved = (): Hasher => {
    try {
      return threadHasher(threads);
    } catch {
      return hasher;
    }
  };
  return {
    feed: async (bytes) => {
      const cut = bytes.length < left ? undefined : left;
      left -= bytes.length;
      if (cut === undefined) return hasher.step(bytes, cut);
      left += PART_BYTES;
      parts += 1;
      if (parts !== PARTS_BEFORE_THREAD) return hasher.step(bytes, cut);
      const ended = hasher.step(bytes.subarray(0, cut), cut);
      hasher = moved();
      const rest = hasher.step(bytes.slice(cut), undefined);
      const [{ digest }] = await Promise.all([ended, rest]);
      return { bytes, digest };
    },
    end: async () => (left === PART_BYTES ? undefined : hasher.end()),
    close: () => hasher.close(),
  };
};

/**
 * Frees memory immediately. Otherwise garbage collection would free the results of the cipher only after tens of megabytes more. A buffer that is transferred
 * to a port whose other end is closed is freed at once, and the next result gets the same memory, which is still in the processor's cache.
 */
const freeing = ({ MessageChannel }: Threads): ((bytes: Uint8Array) => void) => {
  const closed = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    return port1;
  };
  let port: MessagePort | undefined;
  return (bytes) => (port ??= closed()).postMessage(undefined, [bytes.buffer as ArrayBuffer]);
};

/** Converts a key for the ciphers of Node. The key must be extractable: Node 27 refuses others (DEP0204). */
const cipherKey = ({ KeyObject }: Crypto, key: CryptoKey) => KeyObject.from(key);

/** The part of `process` that is used. There is no `node:` import, because browsers load this file too. */
export type Host = { readonly getBuiltinModule?: Builtin } | undefined;

/** The engine on Node's crypto; undefined if there is no Node. */
export const nodeEngine = (host: Host): Engine | undefined => {
  const builtin = host?.getBuiltinModule;
  if (builtin === undefined) return undefined;
  const crypto = getCrypto(builtin);
  const threads = getThreads(builtin);
  const free = freeing(threads);

  return {
    name: 'node',
    parallelChunks: false,
    extractableKeys: true,
    encrypt: async (key, nonce, buffer) => {
      const cipher = crypto.createCipheriv(ALGORITHM, cipherKey(crypto, key), nonce);
      const end = buffer.length - TAG_BYTES;
      for (let at = 0; at < end; at += PIECE) {
        const answer = cipher.update(buffer.subarray(at, Math.min(at + PIECE, end)));
        buffer.set(answer, at);
        free(answer);
      }
      cipher.final();
      buffer.set(cipher.getAuthTag(), end);
      return Promise.resolve(buffer);
    },
    decrypt: async (key, nonce, sealed) => {
      const end = sealed.length - TAG_BYTES;
      const pieces: Uint8Array[] = [];
      try {
        const decipher = crypto.createDecipheriv(ALGORITHM, cipherKey(crypto, key), nonce, {
          authTagLength: TAG_BYTES,
        });
        decipher.setAuthTag(sealed.subarray(end));
        for (let at = 0; at < end; at += PIECE) {
          const { buffer, byteOffset, length } = decipher.update(sealed.subarray(at, Math.min(at + PIECE, end)));
          pieces.push(new Uint8Array(buffer, byteOffset, length));
        }
        decipher.final();
      } catch {
        return Promise.resolve(undefined);
      }
      return Promise.resolve(pieces);
    },
    partHash: () => partHash(crypto, threads),
  };
};
