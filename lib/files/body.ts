// File bodies for the client: files a record from a file, and opens a record into a file. The encrypted blob is in a temporary file meanwhile.
import { createReadStream, type PathLike } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { systemRng } from '../bytes/binary.ts';
import { toHex } from '../bytes/codec.ts';
import { bufferPool, byteReader, closeOnReturn, type ByteSource } from '../envelope/bytestream.ts';
import { EnvelopeError } from '../envelope/errors.ts';
import { PART_BYTES } from '../envelope/header.ts';
import { payloadKey, type BodySink } from '../envelope/open.ts';
import type { SealedPart, BodySource } from '../envelope/seal.ts';
import { openFile } from './open-file.ts';
import { sealFile } from './seal-file.ts';
import type { ThreadOptions } from './run-workers.ts';
import { assertReplaceable, entryOf, folderOf } from './atomic-file.ts';

export interface BodyOptions extends Pick<ThreadOptions, 'threads'> {
  /** Folder for the temporary file, which is about as long as the body. */
  readonly scratch?: string;
}

/** Bytes read at a time. */
const READ = 1_048_576;

/** Makes a folder for the temporary file that only this user can read. */
const scratchFile = async (inside: string | Buffer) => {
  const folder = entryOf(inside, `.sealed-${toHex(systemRng(8))}`);
  await mkdir(folder, { mode: 0o700 });
  // A folder that cannot be removed contains only ciphertext; it is no reason to fail.
  const remove = () => rm(folder, { recursive: true, force: true }).catch(() => undefined);
  return { path: entryOf(folder, 'blob'), remove };
};

/** Reads a blob from a file and cuts it into parts; `digests` are the known digests of the parts. */
async function* partsOf(path: PathLike, digests: readonly Uint8Array[]): AsyncGenerator<SealedPart, void> {
  const reader = byteReader(createReadStream(path, { highWaterMark: READ }));
  const buffers = bufferPool(PART_BYTES);
  try {
    for (const [index, sha256] of digests.entries()) {
      const buffer = buffers.take();
      const bytes = buffer.subarray(0, await reader.fill(buffer));
      const last = index === digests.length - 1;
      let released = false;
      const release = (): void => {
        if (!released) buffers.release(buffer);
        released = true;
      };
      yield { number: index + 1, bytes, sha256, last, release };
    }
  } finally {
    await reader.close();
  }
}

/**
 * A body that is read from a file. The whole file is sealed first; its parts are then sent from the sealed copy, which is removed afterwards.
 *
 * Errors: {EnvelopeError} `source-invalid`, `source-changed`; {Error} the error of the operating system.
 * @param path use a Buffer for a name that is not UTF-8; a URL must be a `file:` URL
 * @param options the default folder for the copy is the system's folder for temporary files
 */
export const fileBody = (path: PathLike, { scratch = tmpdir(), ...threads }: BodyOptions = {}): BodySource => ({
  seal: async (fileKey, heading, { rng, signal }) => {
    const copy = await scratchFile(scratch);
    const options = { ...threads, ...(rng && { rng }), ...(signal && { signal }) };
    const sealed = await sealFile(path, copy.path, fileKey, heading, options).catch(async (error: unknown) => {
      await copy.remove();
      throw error;
    });
    const { header, commit, parts: digests, ...facts } = sealed;
    async function* sent(): AsyncGenerator<SealedPart, void> {
      try {
        yield* partsOf(copy.path, digests);
      } finally {
        await copy.remove();
      }
    }
    return { header, commit, parts: closeOnReturn(sent(), copy.remove), facts: () => facts };
  },
});

/** Passes on no more than the signed length, so that the sender cannot fill the disk. */
async function* atMost(length: number, source: ByteSource): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const piece of source) {
    left -= piece.length;
    if (left < 0) throw new EnvelopeError('trailing-data', 'the blob goes on after its end');
    yield piece;
  }
}

/**
 * A target file for a body. The file exists only after the whole body was received and checked, and it replaces an existing file.
 *
 * Errors: those of {@link openFile}, and those of the source.
 * @param path use a Buffer for a name that is not UTF-8; a URL must be a `file:` URL
 * @param options the default folder for the received blob is that of the file
 */
export const intoFile = (path: PathLike, { scratch, ...threads }: BodyOptions = {}): BodySink => ({
  open: async (ciphertext, fileKey, blob, { plainLength, signal }) => {
    const begin = async () => {
      await payloadKey(fileKey, blob, { plainLength });
      // It is checked again before writing, but then the download is already done.
      await assertReplaceable(path);
      return scratchFile(scratch ?? folderOf(path));
    };
    const received = await begin().catch(async (error: unknown) => {
      await byteReader(ciphertext).close();
      throw error;
    });
    try {
      await writeFile(received.path, atMost(blob.length, ciphertext), { flag: 'wx', mode: 0o600 });
      const options = { plainLength, ...threads, ...(signal && { signal }) };
      await openFile(received.path, path, fileKey, blob, options);
    } finally {
      await received.remove();
    }
  },
});
