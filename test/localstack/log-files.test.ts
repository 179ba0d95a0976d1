// The newest logs are kept, and nothing but logs is removed.
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
/** Named by age, the oldest being 0. */
const write = async (name: string, age: number): Promise<void> => {
  await writeFile(join(logs(), name), '');
  await utimes(join(logs(), name), 1_000 + age, 1_000 + age);
};

test('twenty with the new one; the oldest go', async () => {
  await mkdir(logs(), { recursive: true });
  for (let age = 0; age < 25; age += 1) await write(`api-${age}.log`, age);
  await write('notes.txt', 0);
  const file = await logFileIn(machine.state, 'api-new.log');
  expect(file).toBe(join(logs(), 'api-new.log'));
  const left = Array.from({ length: 19 }, (_, i) => `api-${i + 6}.log`);
  expect((await readdir(logs())).sort()).toEqual([...left, 'notes.txt'].sort());
});

test('a log of the same name is no other one', async () => {
  await mkdir(logs(), { recursive: true });
  for (let age = 0; age < 20; age += 1) await write(`api-${age}.log`, age);
  await logFileIn(machine.state, 'api-7.log');
  expect(await readdir(logs())).toHaveLength(20);
});

test('the folder is made', async () => {
  await logFileIn(machine.state, 'api-1.log');
  expect(await readdir(logs())).toEqual([]);
});
