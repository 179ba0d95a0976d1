// Data lock: reserves the data folder of npm start for one run at a time. The local AWS writes all of its data as it ends, so a second run would overwrite
// the data of the first.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, LocalAwsError } from './python.ts';

export interface HeldData {
  readonly dir: string;
  readonly release: () => Promise<void>;
}

/**
 * Tries to create the lock file. It writes the file under another name and then links it, so that nobody reads half a lock.
 * @returns whether this process got the lock
 */
async function lock(file: string, pid: number): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, String(pid));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

const holderOf = async (file: string): Promise<number> =>
  Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10) || 0;

const refusal = (file: string, holder: number): LocalAwsError =>
  new LocalAwsError(
    `The data in .local/data is in use by process ${holder}: the system runs already. End that one first (Ctrl-C where it runs, or kill ${holder}). ` +
      `If process ${holder} is something else, delete ${file}.`,
  );

/** Removes a lock whose process has ended. If another process has taken the lock meanwhile, this puts the lock of that process back. */
async function removeStale(file: string, isStale: (holder: number) => boolean): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const holder = await holderOf(aside);
  if (holder !== 0 && !isStale(holder)) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Reserves the folder `data` in the state folder for this process. It takes over a lock if the process of the lock has ended, or if the lock contains the
 * number of this process.
 * @param forget whether to delete the stored data once the lock is taken
 * @throws {LocalAwsError} with the number of the process that has the lock
 */
export async function holdData(state: string, forget = false, pid = process.pid): Promise<HeldData> {
  const [dir, file] = [join(state, 'data'), join(state, 'data.lock')];
  const isStale = (holder: number): boolean => holder === 0 || holder === pid || !isAlive(holder);
  await mkdir(state, { recursive: true });
  while (!(await lock(file, pid))) {
    const holder = await holderOf(file);
    if (!isStale(holder)) throw refusal(file, holder);
    await removeStale(file, isStale);
  }
  if (forget) await rm(dir, { recursive: true, force: true });
  const release = async (): Promise<void> => {
    if ((await holderOf(file)) === pid) await rm(file, { force: true });
  };
  return { dir, release };
}
