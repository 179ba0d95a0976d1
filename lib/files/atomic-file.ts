// Writes a file atomically: its final name never belongs to an unfinished file.
import type { PathLike } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemRng } from '../bytes/binary.ts';
import { toHex } from '../bytes/codec.ts';
import { EnvelopeError } from '../envelope/errors.ts';

/** Latin-1 keeps every byte of a Buffer, so these two functions also work for names that are not UTF-8. */
const textOf = (path: string | Buffer): string => (typeof path === 'string' ? path : path.toString('latin1'));
const likeOf = (path: string | Buffer, text: string): string | Buffer =>
  typeof path === 'string' ? text : Buffer.from(text, 'latin1');

/** Returns the folder that contains a file; here a folder of the file system, not one of records. @throws {TypeError} for a URL that is not a `file:` URL */
export const folderOf = (path: PathLike): string | Buffer => {
  const plain = typeof path === 'string' || Buffer.isBuffer(path) ? path : fileURLToPath(path);
  return likeOf(plain, dirname(textOf(plain)));
};

/** Returns the path of the file or folder with this name in a folder of the file system. @param name ASCII */
export const entryOf = (folder: string | Buffer, name: string): string | Buffer =>
  likeOf(folder, join(textOf(folder), name));

/**
 * Runs `write`, and adds the path to an error of the operating system about a write (`ENOSPC`, `EFBIG`, `EIO`). Node names no path in it, because the file is
 * already open, so the user could not see which disk is full.
 * @param path shown to the user; the folder of a temporary file, or the final path instead of the temporary one
 */
export const namingPath = async <T>(path: PathLike, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    const { code, errno, syscall, path: named, message } = error as NodeJS.ErrnoException;
    if (syscall?.startsWith('write') !== true || named !== undefined) throw error;
    const shown = path instanceof URL ? fileURLToPath(path) : String(path);
    throw Object.assign(new Error(`${message} '${shown}'`, { cause: error }), { code, errno, syscall, path: shown });
  }
};

/** Refuses the path of a link, device or folder, because {@link writeAtomically} would replace it. @throws {EnvelopeError} `target-invalid` */
export const assertReplaceable = async (path: PathLike): Promise<void> => {
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isFile() === false)
    throw new EnvelopeError('target-invalid', 'something that is no regular file has this name: choose another');
};

/**
 * Writes a file atomically. `write` gets a temporary file in the same folder; its name ends in `.part`. At the end this file is renamed, and replaces an
 * existing file. Only its owner may read the file. It is not synced to disk (no fsync).
 * @throws {EnvelopeError} `target-invalid`; {Error} the error of the operating system; the signal's reason
 */
export const writeAtomically = async <T>(
  path: PathLike,
  signal: AbortSignal | undefined,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> => {
  signal?.throwIfAborted();
  await assertReplaceable(path);
  const unfinished = entryOf(folderOf(path), `.${toHex(systemRng(8))}.part`);
  const file = await open(unfinished, 'wx', 0o600);
  try {
    const written = await namingPath(path, () => write(file)).finally(() => file.close());
    signal?.throwIfAborted();
    await rename(unfinished, path);
    return written;
  } catch (error) {
    // The first error is the one that is reported.
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
};
