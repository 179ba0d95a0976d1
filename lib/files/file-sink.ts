// Opens the body of a record into a file. The blob is received into a temporary file first, and opened from that file.
import { scratchFile, type BodyOptions } from './scratch-file.ts';
import type { PathLike } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { byteReader, type ByteSource } from '../envelope/bytestream.ts';
import { EnvelopeError } from '../envelope/errors.ts';
import { payloadKey, type BodySink } from '../envelope/open-blob.ts';
import { openFile } from './open-file.ts';
import { assertReplaceable, folderOf, namingPath } from './atomic-file.ts';

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
      // A wrong target is refused before the blob is received. `writeAtomically` checks the target again, but only afterwards.
      await assertReplaceable(path);
      return scratchFile(scratch ?? folderOf(path));
    };
    const received = await begin().catch(async (error: unknown) => {
      await byteReader(ciphertext).close();
      throw error;
    });
    try {
      await namingPath(received.path, () =>
        writeFile(received.path, atMost(blob.length, ciphertext), { flag: 'wx', mode: 0o600 }),
      );
      const options = { plainLength, ...threads, ...(signal && { signal }) };
      await openFile(received.path, path, fileKey, blob, options);
    } finally {
      await received.remove();
    }
  },
});
