// The SDK for Node: everything of the portable SDK (index.ts), and files: bodies that are files, and key files on disk.
import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { encodeKeyFile, sealKeyFile } from '../identity/key-file.ts';
import { identityFromKeyFile, type Identity } from './identities/create-identity.ts';

export * from './index.ts';
export { fileBody } from '../files/file-source.ts';
export { intoFile } from '../files/file-sink.ts';
export type { BodyOptions } from '../files/scratch-file.ts';

/**
 * Reads an identity from a key file on disk.
 *
 * @param passphrase needed for a sealed key file; ignored for a plain one
 * @throws {IdentityError} `bad-key-file`, `bad-cost`, `bad-passphrase`, `wrong-passphrase`; the system's error (`ENOENT`, `EACCES`) as it is
 */
export const readKeyFile = async (path: string, passphrase?: string): Promise<Identity> =>
  identityFromKeyFile(await readFile(path), passphrase);

/**
 * Writes a key file that only its owner can read (mode 0600). The file is complete when it appears under its name.
 * Without a passphrase anybody who can read the file has the keys.
 *
 * @throws the system's error as it is; `EEXIST` where a file has the name already, because keys must not be overwritten
 */
export const writeKeyFile = async (path: string, identity: Identity, passphrase?: string): Promise<void> => {
  const text = passphrase === undefined ? encodeKeyFile(identity) : await sealKeyFile(identity, passphrase);
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(unfinished, text, { flag: 'wx', mode: 0o600, flush: true });
    // A link, unlike a rename, refuses to replace a file.
    await link(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
};
