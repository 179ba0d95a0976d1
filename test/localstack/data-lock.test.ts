// Tests the lock on stored data: one run at a time uses the data, and --fresh deletes no data of a running system.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { holdData } from '../../localstack/data-lock.ts';
import { fakeMachine, messageOf, type FakeMachine } from './fake-machine.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

const file = (): string => join(machine.state, 'data.lock');
const stored = (): string => join(machine.state, 'data', 'state');
const storeSomething = async (): Promise<void> => {
  await mkdir(join(machine.state, 'data'), { recursive: true });
  await writeFile(stored(), 'kept');
};
const deadPid = (): number => spawnSync('/bin/sh', ['-c', 'exit 0']).pid;

describe('the lock', () => {
  test('contains the process id, and is removed by release', async () => {
    const { dir, release } = await holdData(machine.state);
    expect(dir).toBe(join(machine.state, 'data'));
    expect(await readFile(file(), 'utf8')).toBe(String(process.pid));
    await release();
    expect(await readdir(machine.state)).toEqual([]);
  });

  test.each([false, true])(
    'of a running process is not taken over, and the message has its id; fresh: %s',
    async (fresh) => {
      await storeSomething();
      const first = await holdData(machine.state, false, process.ppid);
      expect(await messageOf(holdData(machine.state, fresh))).toBe(
        `LocalAwsError: The data in .local/data is in use by process ${process.ppid}: the system runs already. End that one first ` +
          `(Ctrl-C where it runs, or kill ${process.ppid}). If process ${process.ppid} is something else, delete ${file()}.`,
      );
      expect(await readFile(stored(), 'utf8')).toBe('kept');
      await first.release();
      await (await holdData(machine.state)).release();
    },
  );

  test.each([
    ['a lock of a dead process', () => String(deadPid())],
    ['a lock of an earlier process with our id', () => String(process.pid)],
    ['a lock without an id', () => ''],
  ])('%s is taken over, and the data stays', async (_, content) => {
    await storeSomething();
    await writeFile(file(), content());
    await holdData(machine.state);
    expect(await readFile(file(), 'utf8')).toBe(String(process.pid));
    expect((await readdir(machine.state)).sort()).toEqual(['data', 'data.lock']);
    expect(await readFile(stored(), 'utf8')).toBe('kept');
  });

  test('of a dead process is taken over by only one of two concurrent runs', async () => {
    await mkdir(machine.state);
    await writeFile(file(), String(deadPid()));
    const both = await Promise.allSettled(
      [process.pid, process.ppid].map((pid) => holdData(machine.state, false, pid)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('of another process is not removed by release', async () => {
    const { release } = await holdData(machine.state);
    await writeFile(file(), String(process.ppid));
    await release();
    expect(existsSync(file())).toBe(true);
  });
});

test('fresh deletes the stored data', async () => {
  await storeSomething();
  await holdData(machine.state, true);
  expect(existsSync(stored())).toBe(false);
});
