// Bodies for the client that are files: one to file from, and one to open into. The encrypted blob lies on the disk meanwhile.
import { createReadStream, type PathLike } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffersOf, byteReader, closing, type ByteSource } from '../envelope/bytestream.ts';
import { EnvelopeError } from '../envelope/errors.ts';
import { PART_BYTES } from '../envelope/header.ts';
import { payloadKey, type BodySink } from '../envelope/open.ts';
import type { SealedPart, SelfSealing } from '../envelope/seal.ts';
import { openFile } from './open-file.ts';
import { sealFile } from './seal-file.ts';
import type { ThreadOptions } from './run-workers.ts';
import { assertReplaceable } from './atomic-file.ts';

export interface BodyOptions extends Pick<ThreadOptions, 'threads'> {
  /** The folder for the blob, which is about as long as the file. */
  readonly scratch?: string;
}

/** Bytes read at a time. */
const READ = 1_048_576;

/** A file's name in a folder of its own, for this user alone. */
const scratchFile = async (inside: string) => {
  const folder = await mkdtemp(join(inside, '.sealed-'));
  // What is left, if it cannot be removed, is a blob, and no reason to refuse what came of it.
  const remove = () => rm(folder, { recursive: true, force: true }).catch(() => undefined);
  return { path: join(folder, 'blob'), remove };
};

/** A blob cut again into the parts with these digests. */
async function* partsOf(path: string, digests: readonly Uint8Array[]): AsyncGenerator<SealedPart, void> {
  const reader = byteReader(createReadStream(path, { highWaterMark: READ }));
  const buffers = buffersOf(PART_BYTES);
  try {
    for (const [index, sha256] of digests.entries()) {
      const buffer = buffers.take();
      const bytes = buffer.subarray(0, await reader.fill(buffer));
      const last = index === digests.length - 1;
      let released = false;
      const release = (): void => {
        if (!released) buffers.giveBack(buffer);
        released = true;
      };
      yield { number: index + 1, bytes, sha256, last, release };
    }
  } finally {
    await reader.close();
  }
}

/**
 * A file to be filed. It is sealed at once, and its parts are sent from the sealed copy, which is removed afterwards.
 *
 * It errors with {EnvelopeError} `source-invalid`, `source-changed`, or {Error} what the system says of a file.
 * @param path a Buffer names a file whose name is not UTF-8; a URL is one of `file:`
 * @param options the copy lies where the system has temporary files, unless told
 */
export const fileBody = (path: PathLike, { scratch = tmpdir(), ...threads }: BodyOptions = {}): SelfSealing => ({
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
    return { header, commit, parts: closing(sent(), copy.remove), facts: () => facts };
  },
});

/** No more than was signed: who sends cannot fill the disk. */
async function* atMost(length: number, source: ByteSource): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const piece of source) {
    left -= piece.length;
    if (left < 0) throw new EnvelopeError('trailing-data', 'the blob goes on after its end');
    yield piece;
  }
}

/**
 * A file to be opened into: it is there when all of it was received and checked, or not at all, and replaces what was there.
 *
 * It errors as {@link openFile} does, and with what the source throws.
 * @param options what is received lies beside the file until it is opened, unless told
 */
export const intoFile = (path: string, { scratch = dirname(path), ...threads }: BodyOptions = {}): BodySink => ({
  open: async (ciphertext, fileKey, blob, { plainLength, signal }) => {
    const begin = async () => {
      await payloadKey(fileKey, blob, { plainLength });
      // Also looked at when it is written; but by then all was downloaded.
      await assertReplaceable(path);
      return scratchFile(scratch);
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
