// Opens a regular file to read it at any offset, and tells whether the file has changed since then.
import { constants, type BigIntStats, type PathLike } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { EnvelopeError } from '../envelope/errors.ts';

export interface RegularFile {
  readonly file: FileHandle;
  /** Length when it was opened, bytes. */
  readonly size: number;
  /** Returns whether size and times are still the same as at opening. */
  readonly unchanged: () => Promise<boolean>;
}

const stateOf = (stat: BigIntStats): string => [stat.size, stat.mtimeNs, stat.ctimeNs].join();

/** Opens a file for reading; the caller closes it. @throws {EnvelopeError} `source-invalid`; {Error} the error of the operating system */
export const openRegular = async (path: PathLike): Promise<RegularFile> => {
  // Without O_NONBLOCK, opening a pipe waits for a writer. Windows has neither the flag nor such pipes.
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
