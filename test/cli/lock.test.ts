// Tests the lock of a profile: one process at a time, and no process waits for one that has died.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withLock } from '../../lib/cli/lock.ts';
import { systemRng } from '../../lib/bytes/binary.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pcehr-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process with this id. `running` are the ids of the processes that run. Waiting lets other work go on, and moves the process's clock. */
const processOf = (pid: number, running: readonly number[]) => {
  let now = 0;
  return {
    pid,
    isRunning: (other: number) => running.includes(other),
    rng: systemRng,
    clock: () => now,
    sleep: async (ms: number) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    signal: new AbortController().signal,
  };
};

/** Lets all processes take the lock at once. @returns for each turn, how many processes had the lock */
const mostInside = async (pids: readonly number[]): Promise<readonly number[]> => {
  let inside = 0;
  const most: number[] = [];
  await Promise.all(
    pids.map((pid) =>
      withLock(folder, { ...processOf(pid, pids), clock: () => 0 }, async () => {
        inside += 1;
        most.push(inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      }),
    ),
  );
  return most;
};

test('of many processes one at a time has the lock, and each gets it', async () => {
  const pids = Array.from({ length: 12 }, (_, i) => i + 1);
  expect(await mostInside(pids)).toEqual(pids.map(() => 1));
  expect(await readdir(folder)).toEqual(['lock']);
});

test('the lock of a process that died is taken over by exactly one process at a time', async () => {
  await mkdir(join(folder, 'lock', '999.abc'), { recursive: true });
  const pids = [1, 2, 3, 4, 5, 6];
  expect(await mostInside(pids)).toEqual(pids.map(() => 1));
});

test('a process that waits for thirty seconds gives up, and names the other one', async () => {
  await withLock(folder, processOf(1, [1, 2]), async () => {
    const refused = withLock(folder, processOf(2, [1, 2]), () => Promise.resolve());
    await expect(refused).rejects.toMatchObject({
      code: 'profile-in-use',
      message: 'another pcehr uses this profile (process 1)',
    });
  });
  await withLock(folder, processOf(2, [1, 2]), () => Promise.resolve());
});

test('the lock is given back after an error', async () => {
  const failed = withLock(folder, processOf(1, [1, 2]), () => Promise.reject(new Error('failed')));
  await expect(failed).rejects.toThrow('failed');
  await withLock(folder, processOf(2, [1, 2]), () => Promise.resolve());
});

test('a process that is interrupted does not wait on', async () => {
  const aborting = new AbortController();
  aborting.abort(new Error('interrupted'));
  await withLock(folder, processOf(1, [1, 2]), async () => {
    const waiting = withLock(folder, { ...processOf(2, [1, 2]), signal: aborting.signal }, () => Promise.resolve());
    await expect(waiting).rejects.toThrow('interrupted');
  });
});
