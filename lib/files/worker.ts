// Worker thread that seals or opens runs of one blob, from file to file. A run is a number of consecutive parts. Each run is taken by one worker, and the
// workers exchange no bytes of the blob.
import type { KeyObject } from 'node:crypto';
import { chunkNonce } from '../envelope/header.ts';

export interface Work {
  readonly job: 'seal' | 'open';
  /** File descriptors of the process: `from` is read and `to` is written. One is that of the plaintext, the other that of the blob. */
  readonly from: number;
  readonly to: number;
  readonly key: KeyObject;
  /** Sizes in bytes: `plain` of the plaintext, `chunk` of a chunk of the plaintext, `blob` of the blob, `part` of a part of the blob, `tag` of a tag. */
  readonly plain: number;
  readonly chunk: number;
  readonly blob: number;
  readonly part: number;
  readonly tag: number;
  /** How many workers work on the blob. */
  readonly threads: number;
  readonly shared: Shared;
}

type Counter = Int32Array<SharedArrayBuffer>;
/** Counters that all workers of one blob read and write. */
export interface Shared {
  /** The first part that no worker has taken. */
  readonly next: Counter;
  /** Workers take no part from this number on: the part with this number was refused, or the work was stopped (then it is 0). */
  readonly limit: Counter;
  /** How many workers are writing now. */
  readonly writing: Counter;
}

/** The reason why a part was refused. `short`: the file ended early. `chunk`: this chunk does not open. */
export type Fault = { readonly short: true } | { readonly chunk: number };

/**
 * Values of the chunks that cross the borders of a run. The workers of both runs read such a chunk, and each sends a value of it. When sealing, the value is
 * the tag over the bytes before the border; when opening, a digest of the bytes after it. If the two values differ, the file was written to between the two
 * readings.
 */
interface Borders {
  /** Value of the chunk that crosses the start of the run. */
  readonly atStart?: Uint8Array | undefined;
  /** Value of the chunk that crosses the end of the run. */
  readonly atEnd?: Uint8Array | undefined;
}
export type Done = { readonly digest: Uint8Array } & Borders;
export type PartMessage = { readonly part: number } & (Done | { readonly fault: Fault });
/** One message for each part that the worker took; `done` when it takes no more, and everything is written. */
export type WorkerMessage = PartMessage | 'done';

/** The members of the thread's global object that are used. */
export interface WorkerScope {
  readonly process: Pick<NodeJS.Process, 'getBuiltinModule'>;
}

const ALGORITHM = 'aes-256-gcm';

/**
 * Waits for a {@link Work} message, does the work, and answers with {@link WorkerMessage}s.
 *
 * Chunks and parts do not end at the same offsets. A chunk that crosses the border of two runs is encrypted by both workers; each writes the bytes of its run.
 * When opening, the worker of the run in which the chunk begins decrypts it. Later runs are shorter, so that all workers finish at about the same time.
 */
export const runWorker = async ({ process }: WorkerScope): Promise<void> => {
  const { parentPort, MessageChannel } = process.getBuiltinModule('worker_threads');
  // Listen before anything else: the worker is started before its work is known.
  const received = new Promise<Work>((resolve) => parentPort!.once('message', resolve));
  const { readSync, writeSync, writevSync } = process.getBuiltinModule('fs');
  const { createCipheriv, createDecipheriv, createHash } = process.getBuiltinModule('crypto');
  const send = (message: WorkerMessage): void => parentPort!.postMessage(message);

  // Each result of the cipher gets new memory. Garbage collection would free it only after tens of megabytes more. A buffer that is transferred to a port whose
  // other end is closed is freed at once, and the next result gets the same memory, which is still in the processor's cache.
  const { port1: closedPort, port2 } = new MessageChannel();
  const closed = new Promise((resolve) => closedPort.once('close', resolve));
  port2.close();
  const { job, from, to, key, plain, chunk, blob, part, tag, threads, shared } = await received;
  // Keeps the thread alive until the port is closed.
  closedPort.ref();
  await closed;
  const free = (bytes: Uint8Array): void => closedPort.postMessage(undefined, [bytes.buffer as ArrayBuffer]);

  const { next, limit, writing } = shared;
  const parts = Math.ceil(blob / part);
  const sealedChunk = chunk + tag;
  const lastChunk = Math.max(0, Math.ceil(blob / sealedChunk) - 1);
  // Memory of this size begins 16 bytes into a page (glibc). Copying from the start of one page to bytes 1 to 31 of another takes the system twice as
  // long as other copies (`rep movsb`, measured on AMD Zen 4). So the buffer begins 64 bytes later.
  const ASIDE = 64;
  const buffer = new Uint8Array(ASIDE + sealedChunk).subarray(ASIDE);

  let fault: Fault | undefined;
  const refuse = (why: Fault): never => {
    fault = why;
    throw new Error('refused');
  };

  const read = (bytes: Uint8Array, at: number): void => {
    for (let filled = 0; filled < bytes.length;) {
      const got = readSync(from, bytes, filled, bytes.length - filled, at + filled);
      if (got === 0) refuse({ short: true });
      filled += got;
    }
  };
  /** Writes the pieces one after another, from this offset on; usually in one system call. */
  const write = (pieces: readonly Uint8Array[], offset: number): void => {
    let at = offset;
    let written = writevSync(to, pieces, at);
    for (const piece of pieces) {
      let done = Math.min(written, piece.length);
      written -= done;
      while (done < piece.length) done += writeSync(to, piece, done, piece.length - done, at + done);
      at += piece.length;
    }
  };
  /**
   * Writes bytes and hashes bytes. If another worker is writing, this worker hashes first: the operating system does one write to a file at a time, and a
   * worker that waits for another write uses processor time.
   */
  const writeAndHash = (toWrite: () => void, toHash: () => void): void => {
    const others = Atomics.load(writing, 0) > 0;
    if (others) toHash();
    Atomics.add(writing, 0, 1);
    toWrite();
    Atomics.sub(writing, 0, 1);
    if (!others) toHash();
  };
  const nonceOf = (index: number): Uint8Array => chunkNonce(index, index === lastChunk);

  // State of the current part.
  let current = 0;
  let hash = createHash('sha256');
  let borders: Borders = {};
  const begin = (taken: number): void => {
    current = taken;
    hash = createHash('sha256');
    borders = {};
  };
  /** Hashes bytes of the blob from this offset, and sends a message for every part that ends within them. */
  const hashed = (bytes: Uint8Array, offset: number): void => {
    for (let done = 0; done < bytes.length;) {
      const end = Math.min((current + 1) * part, blob) - offset;
      const share = bytes.subarray(done, end);
      hash.update(share);
      done += share.length;
      if (done < end) continue;
      send({ part: current, digest: hash.digest(), ...borders });
      begin(current + 1);
    }
  };
  const digestOf = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
  const wanted = (): boolean => current < Atomics.load(limit, 0);

  /** Returns ciphertext and tag. */
  const encrypted = (index: number, bytes: Uint8Array): readonly [Uint8Array, Uint8Array] => {
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(index));
    const answer = cipher.update(bytes);
    cipher.final();
    return [answer, cipher.getAuthTag()];
  };
  /**
   * Returns the tag over these bytes alone. It must never leave the process: the full chunk has another tag under the same nonce, and an attacker who knows
   * both tags could forge chunks.
   */
  const tagOf = (index: number, bytes: Uint8Array): Uint8Array => {
    const [answer, made] = encrypted(index, bytes);
    free(answer);
    return made;
  };

  const seal = (start: number, end: number): void => {
    for (let index = Math.floor(start / sealedChunk); index * sealedChunk < end && wanted(); index++) {
      const at = index * sealedChunk;
      // If the chunk continues in the next run, only the bytes of this run are encrypted here: the worker of the next run makes the tag of the chunk.
      const length = Math.min(chunk, plain - index * chunk, end - at);
      const body = buffer.subarray(0, length);
      read(body, index * chunk);
      if (at < start) borders = { atStart: tagOf(index, body.subarray(0, start - at)) };
      const [answer, made] = encrypted(index, body);
      if (end < blob && at + sealedChunk > end) borders = { ...borders, atEnd: made };
      const [first, last] = [Math.max(0, start - at), end - at];
      const pieces = [
        answer.subarray(first, last),
        made.subarray(Math.max(0, first - length), Math.max(0, last - length)),
      ];
      writeAndHash(
        () => write(pieces, at + first),
        () => {
          let offset = at + first;
          for (const piece of pieces) {
            hashed(piece, offset);
            offset += piece.length;
          }
        },
      );
      free(answer);
    }
  };

  const open = (start: number, end: number): void => {
    const first = Math.ceil(start / sealedChunk) * sealedChunk;
    const before = buffer.subarray(0, Math.min(first, end) - start);
    read(before, start);
    if (before.length > 0) borders = { atStart: digestOf(before) };
    hashed(before, start);
    for (let at = first; at < end && wanted(); at += sealedChunk) {
      const index = at / sealedChunk;
      const sealed = buffer.subarray(0, Math.min(sealedChunk, blob - at));
      read(sealed, at);
      const decipher = createDecipheriv(ALGORITHM, key, nonceOf(index), { authTagLength: tag });
      decipher.setAuthTag(sealed.subarray(-tag));
      const answer = decipher.update(sealed.subarray(0, -tag));
      try {
        decipher.final();
      } catch {
        refuse({ chunk: index });
      }
      if (at + sealed.length > end) borders = { ...borders, atEnd: digestOf(sealed.subarray(end - at)) };
      writeAndHash(
        () => write([answer], index * chunk),
        () => hashed(sealed.subarray(0, end - at), at),
      );
      free(answer);
    }
  };

  for (;;) {
    const first = Atomics.load(next, 0);
    if (first >= Atomics.load(limit, 0)) break;
    const last = first + Math.ceil((parts - first) / (2 * threads));
    if (Atomics.compareExchange(next, 0, first, last) !== first) continue;
    begin(first);
    try {
      (job === 'seal' ? seal : open)(first * part, Math.min(last * part, blob));
    } catch (error) {
      if (fault === undefined) throw error;
      // Lowers the limit to this part, so no worker starts a later one. Workers take parts in order: all earlier parts are already taken and will be finished.
      // So the first refused part is always reported.
      for (let before; (before = Atomics.load(limit, 0)) > current;) Atomics.compareExchange(limit, 0, before, current);
      send({ part: current, fault });
    }
  }
  send('done');
};
