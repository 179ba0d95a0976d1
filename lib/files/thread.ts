// What a thread does: it takes parts of a blob, one after the other, and brings each from file to file by itself, so that no chunk changes hands.
import type { Cipher, Decipher, Hash, KeyObject } from 'node:crypto';

type Builtin = NodeJS.Process['getBuiltinModule'];

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
  /** The part that is taken next, from 0. Shared by the threads; they end when it lies behind the last. */
  readonly next: Int32Array<SharedArrayBuffer>;
}

/** Why a part was refused: the file ended early, or a chunk does not open. */
export type Fault = { readonly short: true } | { readonly chunk: number };

export interface Done {
  readonly digest: Uint8Array;
  /** Of a sealed chunk that lies in two parts: a tag over what lies in the first, once by each thread that made it. Different ones mean different bytes. */
  readonly begun?: Uint8Array | undefined;
  readonly goesOn?: Uint8Array | undefined;
}
/** What a thread tells of each part that it took. */
export type Told = { readonly part: number } & (Done | { readonly fault: Fault });

/**
 * Told to the thread as text (thread-text.ts, made of this by `npm run build:thread`), as there is no one way to name a file that survives every bundler, and no
 * function whose text does: so nothing from outside may be named in here but types.
 *
 * Chunks and parts do not end together. A sealed chunk that lies in two parts is made for both, and either keeps its share; an opened one is opened
 * with the part in which it begins.
 */
export const workOnParts = async (builtin: Builtin): Promise<void> => {
  const { readSync, writeSync } = builtin('fs');
  const { createCipheriv, createDecipheriv, createHash } = builtin('crypto');
  const threads = builtin('worker_threads');
  const { job, from, to, key, plain, chunk, blob, part, tag, next } = threads.workerData as Work;
  const ALGORITHM = 'aes-256-gcm';
  /** Bytes that go through the cipher at a time. */
  const PIECE = 131_072;
  const sealedChunk = chunk + tag;
  const lastChunk = Math.max(0, Math.ceil(blob / sealedChunk) - 1);
  const parts = Math.ceil(blob / part);
  const buffer = new Uint8Array(sealedChunk);

  // The cipher answers in memory of its own, which is collected tens of megabytes later. Transferred to a port whose other end is closed it is released
  // immediately, and the next answer lies in the same, warm place.
  const { port1: nowhere, port2 } = new threads.MessageChannel();
  const closed = new Promise((resolve) => nowhere.once('close', resolve));
  // Else nothing would be left to wait for, and the thread would end.
  nowhere.ref();
  port2.close();
  await closed;
  const free = (bytes: Uint8Array): void => nowhere.postMessage(undefined, [bytes.buffer as ArrayBuffer]);

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
  const write = (bytes: Uint8Array, at: number): void => {
    for (let written = 0; written < bytes.length;)
      written += writeSync(to, bytes, written, bytes.length - written, at + written);
  };
  const nonceOf = (index: number): Uint8Array => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, index);
    nonce[11] = index === lastChunk ? 1 : 0;
    return nonce;
  };
  const through = (cipher: Cipher | Decipher, bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += PIECE) {
      const answer = cipher.update(bytes.subarray(at, at + PIECE));
      bytes.set(answer, at);
      free(answer);
    }
  };

  /** The tag of these bytes alone. It leaves the process in no way: another tag under this nonce does. */
  const tagOf = (index: number, bytes: Uint8Array): Uint8Array => {
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(index));
    for (let at = 0; at < bytes.length; at += PIECE) free(cipher.update(bytes.subarray(at, at + PIECE)));
    cipher.final();
    return cipher.getAuthTag();
  };

  const seal = (start: number, end: number, hash: Hash): Omit<Done, 'digest'> => {
    let begun: Uint8Array | undefined;
    let goesOn: Uint8Array | undefined;
    for (let index = Math.floor(start / sealedChunk); index * sealedChunk < end; index++) {
      const at = index * sealedChunk;
      // Of a chunk that goes on in the next part only what lies in this one: its tag is made there.
      const length = Math.min(chunk, plain - index * chunk, end - at);
      const body = buffer.subarray(0, length);
      read(body, index * chunk);
      if (at < start) begun = tagOf(index, body.subarray(0, start - at));
      const cipher = createCipheriv(ALGORITHM, key, nonceOf(index));
      through(cipher, body);
      cipher.final();
      const made = cipher.getAuthTag();
      if (at + sealedChunk > end) goesOn = made;
      buffer.set(made, length);
      const share = buffer.subarray(Math.max(0, start - at), Math.min(length + tag, end - at));
      hash.update(share);
      write(share, Math.max(start, at));
    }
    return { begun, goesOn };
  };

  const open = (start: number, end: number, hash: Hash): Omit<Done, 'digest'> => {
    const first = Math.ceil(start / sealedChunk) * sealedChunk;
    const before = buffer.subarray(0, Math.min(first, end) - start);
    read(before, start);
    hash.update(before);
    for (let at = first; at < end; at += sealedChunk) {
      const index = at / sealedChunk;
      const sealed = buffer.subarray(0, Math.min(sealedChunk, blob - at));
      read(sealed, at);
      hash.update(sealed.subarray(0, end - at));
      const body = sealed.subarray(0, -tag);
      const decipher = createDecipheriv(ALGORITHM, key, nonceOf(index), { authTagLength: tag });
      decipher.setAuthTag(sealed.subarray(-tag));
      through(decipher, body);
      try {
        decipher.final();
      } catch {
        refuse({ chunk: index });
      }
      write(body, index * chunk);
    }
    return {};
  };

  const tell = (told: Told): void => threads.parentPort!.postMessage(told);
  for (let taken = Atomics.add(next, 0, 1); taken < parts; taken = Atomics.add(next, 0, 1)) {
    const hash = createHash('sha256');
    try {
      const shares = (job === 'seal' ? seal : open)(taken * part, Math.min((taken + 1) * part, blob), hash);
      tell({ part: taken, digest: hash.digest(), ...shares });
    } catch (error) {
      // Parts before this one were taken already, and are finished: the first that is refused is always told.
      Atomics.store(next, 0, parts);
      if (fault === undefined) throw error;
      tell({ part: taken, fault });
    }
  }
};
