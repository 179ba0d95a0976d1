// Opens a regular file to read at any offset, and writes a file atomically: all of it is there under its name, or nothing.
import { constants, type BigIntStats, type PathLike } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemRng } from '../bytes/binary.ts';
import { toHex } from '../bytes/codec.ts';
import { EnvelopeError } from '../envelope/errors.ts';

export interface Regular {
  readonly file: FileHandle;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Whether it is what it was when it was opened, as far as sizes and times tell. */
  readonly unchanged: () => Promise<boolean>;
}

const stateOf = (stat: BigIntStats): string => [stat.size, stat.mtimeNs, stat.ctimeNs].join();

/** To be read; whoever gets it closes it. @throws {EnvelopeError} `source-invalid`; {Error} what the system says */
export const openRegular = async (path: PathLike): Promise<Regular> => {
  // A pipe would keep this waiting for who writes into it. Where there is no such flag (Windows), there are no such pipes.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat({ bigint: true });
    if (!stat.isFile())
      throw new EnvelopeError(
        'source-invalid',
        'not a regular file: a pipe or a device can be filed and opened as a stream, a folder cannot',
      );
    const unchanged = async (): Promise<boolean> => stateOf(await file.stat({ bigint: true })) === stateOf(stat);
    return { file, size: Number(stat.size), unchanged };
  } catch (error) {
    await file.close();
    throw error;
  }
};

/** A file is replaced; a link, a device or a folder would be, too. @throws {EnvelopeError} `target-invalid` */
export const assertReplaceable = async (path: string): Promise<void> => {
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isFile() === false)
    throw new EnvelopeError('target-invalid', 'something that is no regular file has this name: choose another');
};

/**
 * Writes a file that is there whole or not at all: under a name of its own beside it that ends in `.part`, and renamed at the end, which replaces the file
 * that was there. Its owner alone may read it. Nobody waits for the disk.
 * @throws {EnvelopeError} `target-invalid`; {Error} what the system says; the signal's reason
 */
export const writeWhole = async <T>(
  path: string,
  signal: AbortSignal | undefined,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> => {
  signal?.throwIfAborted();
  await assertReplaceable(path);
  const unfinished = join(dirname(path), `.${toHex(systemRng(8))}.part`);
  const file = await open(unfinished, 'wx', 0o600);
  try {
    const written = await write(file).finally(() => file.close());
    signal?.throwIfAborted();
    await rename(unfinished, path);
    return written;
  } catch (error) {
    // What failed is what is told.
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
};
