// Worker thread of Node that computes SHA-256 of each part of a blob. It hashes the bytes as they arrive.

/** A request to hash a buffer. Without a buffer it asks for the digest of the bytes since the last part. */
export interface HashRequest {
  /** It is transferred to the worker, and transferred back with the answer. */
  readonly buffer?: ArrayBuffer;
  /** How many bytes of the buffer to hash. */
  readonly length?: number;
  /** The end of a part within the bytes: the offset of the first byte of the next part. */
  readonly cut?: number | undefined;
}
export interface HashAnswer {
  readonly buffer?: ArrayBuffer;
  /** SHA-256 of the part that ended, 32 bytes. */
  readonly digest?: Uint8Array | undefined;
}

/** The members of the thread's global object that are used. */
export interface NodeWorkerScope {
  readonly process: Pick<NodeJS.Process, 'getBuiltinModule'>;
}

export const runWorker = ({ process }: NodeWorkerScope): void => {
  const { parentPort } = process.getBuiltinModule('worker_threads');
  const { createHash } = process.getBuiltinModule('crypto');
  let hash = createHash('sha256');
  const ended = (): Uint8Array => {
    const digest = hash.digest();
    hash = createHash('sha256');
    return digest;
  };
  const answer = (message: HashAnswer, transfer: readonly ArrayBuffer[] = []): void =>
    parentPort!.postMessage(message, transfer);

  parentPort!.on('message', ({ buffer, length, cut }: HashRequest) => {
    if (buffer === undefined) {
      answer({ digest: ended() });
      return;
    }
    const bytes = new Uint8Array(buffer, 0, length);
    hash.update(bytes.subarray(0, cut));
    const digest = cut === undefined ? undefined : ended();
    if (cut !== undefined) hash.update(bytes.subarray(cut));
    answer({ buffer, digest }, [buffer]);
  });
};
