// Reads and writes the files of a profile: only their owner can read them (mode 0600), and each is written completely or not at all.
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './errors.ts';

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Writes the text to a new file beside `path`, flushes it, and lets `place` give it its name. */
const writeBeside = async (path: string, text: string, place: (unfinished: string) => Promise<void>): Promise<void> => {
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(unfinished);
    await syncFolder(dirname(path));
  } finally {
    await rm(unfinished, { force: true });
  }
};

/** Replaces a file, or creates it. After a crash the file has the old text or the new one. */
export const replaceFile = (path: string, text: string): Promise<void> =>
  writeBeside(path, text, (unfinished) => rename(unfinished, path));

/** Creates a file. @throws {CliError} `exists` if there is a file of this name, because keys and words must not be overwritten */
export const createFile = (path: string, text: string): Promise<void> =>
  writeBeside(path, text, async (unfinished) => {
    try {
      await link(unfinished, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new CliError('failed', 'exists', `${path} exists already, and is not overwritten`);
    }
  });

/** Reads a text file. Returns undefined if there is none. */
export const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Reads a JSON file of a profile. Returns undefined if there is none. @throws {CliError} `damaged` */
export const readJson = async (path: string): Promise<unknown> => {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CliError('profile', 'damaged', `${path} is damaged: it is no JSON`, 'restore it from a backup');
  }
};
