// Makes the temporary file that contains the blob while a file is sealed and sent, or received and opened.
import { mkdir, rm } from 'node:fs/promises';
import { systemRng } from '../bytes/binary.ts';
import { toHex } from '../bytes/codec.ts';
import type { ThreadOptions } from './run-workers.ts';
import { entryOf } from './atomic-file.ts';

export interface BodyOptions extends Pick<ThreadOptions, 'threads'> {
  /** Folder for the temporary file, which is about as long as the body. */
  readonly scratch?: string;
}

/** Makes a folder that only this user can read. Returns the path for the temporary file in it, and a function that removes the folder. */
export const scratchFile = async (inside: string | Buffer) => {
  const folder = entryOf(inside, `.sealed-${toHex(systemRng(8))}`);
  await mkdir(folder, { mode: 0o700 });
  // If the folder cannot be removed, the call succeeds nevertheless, because the folder contains only ciphertext.
  const remove = () => rm(folder, { recursive: true, force: true }).catch(() => undefined);
  return { path: entryOf(folder, 'blob'), remove };
};
