// Takes the body of a new record version from a file. The file is first sealed into a temporary file, and the blob is sent from that file.
import { scratchFile, type BodyOptions } from './scratch-file.ts';
import { createReadStream, type PathLike } from 'node:fs';
import { tmpdir } from 'node:os';
import { bufferPool, byteReader, closeOnReturn } from '../envelope/bytestream.ts';
import { PART_BYTES } from '../envelope/header.ts';
import type { SealedPart, BodySource } from '../envelope/seal-blob.ts';
import { sealFile } from './seal-file.ts';

/** How many bytes are read at a time. */
const READ = 1_048_576;

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
 * A body that is read from a file. The whole file is sealed first; the parts of the blob are then sent from that sealed copy, which is removed afterwards.
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
