// Files that are read by places, and files that are written whole.
import type { BigIntStats } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
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
export const openRegular = async (path: string): Promise<Regular> => {
  const file = await open(path);
  try {
    const stat = await file.stat({ bigint: true });
    if (!stat.isFile()) throw new EnvelopeError('source-invalid', 'not a regular file: file and open it as a stream');
    const unchanged = async (): Promise<boolean> => stateOf(await file.stat({ bigint: true })) === stateOf(stat);
    return { file, size: Number(stat.size), unchanged };
  } catch (error) {
    await file.close();
    throw error;
  }
};

/**
 * Writes a file that is there whole or not at all: under a name of its own beside it that ends in `.part`, and renamed at the end, which replaces what
 * was there. Its owner alone may read it. Nobody waits for the disk.
 */
export const writeWhole = async <T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> => {
  const unfinished = `${path}.${toHex(systemRng(8))}.part`;
  const file = await open(unfinished, 'wx', 0o600);
  try {
    const written = await write(file).finally(() => file.close());
    await rename(unfinished, path);
    return written;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
};
