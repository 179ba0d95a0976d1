// Tests that the newest log files are kept, and that only log files are deleted.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logFileIn } from '../../localstack/log-files.ts';
import { fakeMachine, type FakeMachine } from './fake-machine.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

const logs = (): string => join(machine.state, 'logs');
/** Writes a log file. The file with age 0 is the oldest. */
const write = async (name: string, age: number): Promise<void> => {
  await writeFile(join(logs(), name), '');
  await utimes(join(logs(), name), 1_000 + age, 1_000 + age);
};

test('keeps twenty with the new one, and deletes the oldest', async () => {
  await mkdir(logs(), { recursive: true });
  for (let age = 0; age < 25; age += 1) await write(`api-${age}.log`, age);
  await write('notes.txt', 0);
  const file = await logFileIn(machine.state, 'api-new.log');
  expect(file).toBe(join(logs(), 'api-new.log'));
  const left = Array.from({ length: 19 }, (_, i) => `api-${i + 6}.log`);
  expect((await readdir(logs())).sort()).toEqual([...left, 'notes.txt'].sort());
});

test('counts a log of the same name once', async () => {
  await mkdir(logs(), { recursive: true });
  for (let age = 0; age < 20; age += 1) await write(`api-${age}.log`, age);
  await logFileIn(machine.state, 'api-7.log');
  expect(await readdir(logs())).toHaveLength(20);
});

test('makes the folder', async () => {
  await logFileIn(machine.state, 'api-1.log');
  expect(await readdir(logs())).toEqual([]);
});
