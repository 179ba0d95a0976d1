// Worker thread that seals or opens runs of parts of one blob, from file to file. Workers share the parts of a blob; no chunk is handed from one to another.
import type { KeyObject } from 'node:crypto';
import { chunkNonce } from '../envelope/header.ts';

export interface Work {
  readonly job: 'seal' | 'open';
  /** Descriptors of the process: of the plaintext and the blob, one to read and one to write. */
  readonly from: number;
  readonly to: number;
  readonly key: KeyObject;
  /** Sizes in bytes: of the whole plaintext and of a chunk of it, of the whole blob and of a part of it, of a tag. */
  readonly plain: number;
  readonly chunk: number;
  readonly blob: number;
  readonly part: number;
  readonly tag: number;
  /** How many workers share the blob. */
  readonly threads: number;
  readonly shared: Shared;
}

type Cell = Int32Array<SharedArrayBuffer>;
/** Counters that the workers of one blob share. */
export interface Shared {
  /** The next part that nobody has taken. */
  readonly next: Cell;
  /** Parts from this one on are not taken: it was refused, or the work was stopped (0). */
  readonly limit: Cell;
  /** How many workers are writing now. */
  readonly writing: Cell;
}

/** Why a part was refused: the file ended early, or a chunk does not open. */
export type Fault = { readonly short: true } | { readonly chunk: number };

interface Borders {
  /**
   * Of a sealed chunk that lies in two runs, once by each thread that reads it: sealing, a tag over what lies in the first; opening, a digest of what lies in
   * the second. Different ones mean that the file was written to in between.
   */
  readonly begun?: Uint8Array | undefined;
  readonly goesOn?: Uint8Array | undefined;
}
export type Done = { readonly digest: Uint8Array } & Borders;
export type PartMessage = { readonly part: number } & (Done | { readonly fault: Fault });
/** A message for each part that the worker took; `done` when it will take no more and nothing of it is on its way to the file. */
export type WorkerMessage = PartMessage | 'done';

/** The global object of the thread, as far as it is used. */
export interface WorkerScope {
  readonly process: Pick<NodeJS.Process, 'getBuiltinModule'>;
}

const ALGORITHM = 'aes-256-gcm';

/**
 * Waits for a {@link Work} message, does it, and answers with {@link WorkerMessage}s.
 *
 * Chunks and parts do not end together. A sealed chunk that lies in two runs is encrypted for both, and each run keeps its share; an opened chunk is opened
 * with the run in which it begins. Runs get shorter towards the end, so that all workers are done at about the same time.
 */
export const runWorker = async ({ process }: WorkerScope): Promise<void> => {
  const { parentPort, MessageChannel } = process.getBuiltinModule('worker_threads');
  // Listened for at once: the worker is started before it is known what it has to do.
  const received = new Promise<Work>((resolve) => parentPort!.once('message', resolve));
  const { readSync, writeSync, writevSync } = process.getBuiltinModule('fs');
  const { createCipheriv, createDecipheriv, createHash } = process.getBuiltinModule('crypto');
  const tell = (message: WorkerMessage): void => parentPort!.postMessage(message);

  // The cipher answers in memory of its own, which is collected tens of megabytes later. Transferred to a port whose other end is closed it is released
  // immediately, and the next answer lies in the same, warm place.
  const { port1: nowhere, port2 } = new MessageChannel();
  const closed = new Promise((resolve) => nowhere.once('close', resolve));
  port2.close();
  const { job, from, to, key, plain, chunk, blob, part, tag, threads, shared } = await received;
  // Else nothing would keep the thread until the port is closed.
  nowhere.ref();
  await closed;
  const free = (bytes: Uint8Array): void => nowhere.postMessage(undefined, [bytes.buffer as ArrayBuffer]);

  const { next, limit, writing } = shared;
  const parts = Math.ceil(blob / part);
  const sealedChunk = chunk + tag;
  const lastChunk = Math.max(0, Math.ceil(blob / sealedChunk) - 1);
  // Memory of this size begins 16 bytes into a page (glibc). What the system copies from the start of a page to bytes 1 to 31 of another one takes twice as
  // long as elsewhere (`rep movsb`, measured on AMD Zen 4).
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
  /** One after the other from this place on: all at once, as a rule. */
  const write = (pieces: readonly Uint8Array[], place: number): void => {
    let at = place;
    let written = writevSync(to, pieces, at);
    for (const piece of pieces) {
      let done = Math.min(written, piece.length);
      written -= done;
      while (done < piece.length) done += writeSync(to, piece, done, piece.length - done, at + done);
      at += piece.length;
    }
  };
  /** Both, in the order in which nobody waits: the system lets one write to a file at a time, and keeps the processors of the others busy with waiting. */
  const writeAndHash = (toWrite: () => void, toHash: () => void): void => {
    const others = Atomics.load(writing, 0) > 0;
    if (others) toHash();
    Atomics.add(writing, 0, 1);
    toWrite();
    Atomics.sub(writing, 0, 1);
    if (!others) toHash();
  };
  const nonceOf = (index: number): Uint8Array => chunkNonce(index, index === lastChunk);

  // Of the part in hand.
  let current = 0;
  let hash = createHash('sha256');
  let borders: Borders = {};
  const begin = (taken: number): void => {
    current = taken;
    hash = createHash('sha256');
    borders = {};
  };
  /** Hashes what lies at this place of the blob, and tells of every part that ends in it. */
  const hashed = (bytes: Uint8Array, place: number): void => {
    for (let done = 0; done < bytes.length;) {
      const end = Math.min((current + 1) * part, blob) - place;
      const share = bytes.subarray(done, end);
      hash.update(share);
      done += share.length;
      if (done < end) continue;
      tell({ part: current, digest: hash.digest(), ...borders });
      begin(current + 1);
    }
  };
  const digestOf = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
  const wanted = (): boolean => current < Atomics.load(limit, 0);

  /** The cipher's answer and the tag. */
  const encrypted = (index: number, bytes: Uint8Array): readonly [Uint8Array, Uint8Array] => {
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(index));
    const answer = cipher.update(bytes);
    cipher.final();
    return [answer, cipher.getAuthTag()];
  };
  /** The tag of these bytes alone. It leaves the process in no way: another tag under this nonce does. */
  const tagOf = (index: number, bytes: Uint8Array): Uint8Array => {
    const [answer, made] = encrypted(index, bytes);
    free(answer);
    return made;
  };

  const seal = (start: number, end: number): void => {
    for (let index = Math.floor(start / sealedChunk); index * sealedChunk < end && wanted(); index++) {
      const at = index * sealedChunk;
      // Of a chunk that goes on in the next run only what lies in this one: its tag is made there.
      const length = Math.min(chunk, plain - index * chunk, end - at);
      const body = buffer.subarray(0, length);
      read(body, index * chunk);
      if (at < start) borders = { begun: tagOf(index, body.subarray(0, start - at)) };
      const [answer, made] = encrypted(index, body);
      if (end < blob && at + sealedChunk > end) borders = { ...borders, goesOn: made };
      const [first, last] = [Math.max(0, start - at), end - at];
      const pieces = [
        answer.subarray(first, last),
        made.subarray(Math.max(0, first - length), Math.max(0, last - length)),
      ];
      writeAndHash(
        () => write(pieces, at + first),
        () => {
          let place = at + first;
          for (const piece of pieces) {
            hashed(piece, place);
            place += piece.length;
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
    if (before.length > 0) borders = { begun: digestOf(before) };
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
      if (at + sealed.length > end) borders = { ...borders, goesOn: digestOf(sealed.subarray(end - at)) };
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
      // Parts before this one were taken already, and are finished: the first that is refused is always told.
      for (let before; (before = Atomics.load(limit, 0)) > current;) Atomics.compareExchange(limit, 0, before, current);
      tell({ part: current, fault });
    }
  }
  tell('done');
};
