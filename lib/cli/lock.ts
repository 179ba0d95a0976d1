// Locks a profile against a second process: two processes with one memory would each overwrite what the other one saw.
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './errors.ts';
import type { Io } from './io.ts';

/** How long a command waits for another one, and between two tries, milliseconds. */
const LONGEST = 30_000;
const PAUSE = 100;

type LockIo = Pick<Io, 'pid' | 'isRunning' | 'rng' | 'clock' | 'sleep' | 'signal'>;

const isBusy = (error: unknown): boolean =>
  ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Renames, and returns whether that succeeded. */
const renamed = async (from: string, to: string, isExpected: (error: unknown) => boolean): Promise<boolean> => {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isExpected(error)) return false;
    throw error;
  }
};

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * One try. The lock is the folder `lock` with one entry, whose name begins with the id of its process. A folder that is renamed replaces an empty folder, and
 * no other; so only one process can fill the lock. The entry of a process that has died is renamed to the own one; only one process can do that too.
 * @returns undefined if this process has the lock now, or else the id of the process that has it
 */
const tryLock = async (folder: string, own: string, io: LockIo): Promise<number | undefined> => {
  const lock = join(folder, 'lock');
  const prepared = join(folder, `lock.${own}`);
  await mkdir(join(prepared, own), { recursive: true });
  try {
    if (await renamed(prepared, lock, isBusy)) return undefined;
  } finally {
    await rm(prepared, { recursive: true, force: true });
  }
  const [holder] = await readdir(lock).catch(() => []);
  const pid = Number(holder?.split('.')[0] ?? 0);
  if (holder === undefined || io.isRunning(pid)) return pid;
  return (await renamed(join(lock, holder), join(lock, own), isGone)) ? undefined : pid;
};

/**
 * Runs a function while this process has the lock of the profile's folder. Waits up to 30 seconds for another process.
 * @throws {CliError} `profile-in-use`
 */
export const withLock = async <T>(folder: string, io: LockIo, run: () => Promise<T>): Promise<T> => {
  const own = `${io.pid}.${Buffer.from(io.rng(8)).toString('hex')}`;
  const until = io.clock() + LONGEST;
  for (;;) {
    const holder = await tryLock(folder, own, io);
    if (holder === undefined) break;
    io.signal.throwIfAborted();
    if (io.clock() >= until)
      throw new CliError(
        'profile',
        'profile-in-use',
        `another pcehr uses this profile (process ${holder})`,
        `wait until it ends; if process ${holder} is no pcehr, delete ${join(folder, 'lock')}`,
      );
    await io.sleep(PAUSE);
  }
  try {
    return await run();
  } finally {
    await rmdir(join(folder, 'lock', own)).catch(() => undefined);
  }
};
