// The SDK for Node: the portable SDK (index.ts), and functions for files: bodies in files, and key files on disk.
import { randomUUID } from 'node:crypto';
import { link, lstat, open, readFile, rm } from 'node:fs/promises';
import { encodeKeyFile, sealKeyFile } from '../identity/key-file.ts';
import { identityFromKeyFile, type Identity } from './identities/create-identity.ts';

export * from './index.ts';
export { fileBody } from '../files/file-source.ts';
export { intoFile } from '../files/file-sink.ts';
export type { BodyOptions } from '../files/scratch-file.ts';

/**
 * Reads an identity from a key file on disk.
 * @param passphrase needed for a sealed key file; ignored for a plain one
 * @throws {IdentityError} `bad-key-file`, `bad-cost`, `bad-passphrase`, `wrong-passphrase`; an error of the system (`ENOENT`, `EACCES`) is thrown unchanged
 */
export const readKeyFile = async (path: string, passphrase?: string): Promise<Identity> =>
  identityFromKeyFile(await readFile(path), passphrase);

/** Returns a system error whose message names the key file instead of the unfinished file, because the caller does not know the unfinished file. */
const errorAbout = (path: string, unfinished: string, error: unknown): unknown => {
  const { code, errno, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  const said = message.replace(`'${unfinished}' -> `, '').replaceAll(unfinished, path);
  return Object.assign(new Error(said), { code, errno, syscall, path });
};

const assertFree = async (path: string): Promise<void> => {
  const stat = await lstat(path).catch(() => undefined);
  if (stat !== undefined)
    throw Object.assign(new Error(`EEXIST: file already exists, open '${path}'`), {
      code: 'EEXIST',
      syscall: 'open',
      path,
    });
};

/**
 * Writes a key file that only its owner can read (mode 0600). The file gets its name only when it is complete. Without a passphrase, anybody who can read
 * the file has the keys. The function first checks that it can write the file, because sealing with a passphrase takes seconds.
 * @throws the system's error with this path, such as `EEXIST` if a file has the name already, because keys must not be overwritten; {IdentityError}
 *   `bad-passphrase`
 */
export const writeKeyFile = async (path: string, identity: Identity, passphrase?: string): Promise<void> => {
  await assertFree(path);
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(
        passphrase === undefined ? encodeKeyFile(identity) : await sealKeyFile(identity, passphrase),
      );
      await file.sync();
    } finally {
      await file.close();
    }
    // `link` refuses to replace an existing file; `rename` would replace it.
    await link(unfinished, path);
  } catch (error) {
    throw errorAbout(path, unfinished, error);
  } finally {
    await rm(unfinished, { force: true }).catch(() => undefined);
  }
};
