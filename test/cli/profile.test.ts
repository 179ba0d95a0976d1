// Tests what a command leaves on the disk: private files, a memory that is stored before an act leaves, and nothing half written.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeShell, PASSPHRASE, type RunOptions, type Shell } from './shell.ts';

let shell: Shell;
const run = async (line: string, options: RunOptions = {}) =>
  shell.pcehr(['--passphrase-file', 'pass.txt', ...line.split(' ')], options);
const fileOf = (name: string): string => shell.path(join('.local/share/pcehr/default', name));

beforeEach(async () => {
  shell = await makeShell();
  await writeFile('pass.txt', `${PASSPHRASE}\nsecond line\n`, { mode: 0o600 });
  await run('init --origin https://service.test --words-to words.txt');
  await run('register');
});
afterEach(() => shell.end());

test('only the owner can read a profile, its files and the words', async () => {
  await run('folders add Letters');
  const names = (await readdir(fileOf('.'))).sort();
  expect(names).toEqual(['identity.age', 'lock', 'memory.json', 'profile.json', 'trail.json']);
  for (const name of names.filter((n) => n !== 'lock'))
    expect([name, (await stat(fileOf(name))).mode & 0o777]).toEqual([name, 0o600]);
  expect((await stat(fileOf('.'))).mode & 0o777).toBe(0o700);
  expect((await stat('words.txt')).mode & 0o777).toBe(0o600);
});

test('the memory on the disk has an act before the act leaves, and the next command ends an act whose answer was lost', async () => {
  const pendingAtSending: number[] = [];
  const losing: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.method !== 'PUT' || !request.url.includes('/folders/')) return shell.service.fetch(input, init);
    const { pending } = JSON.parse(await readFile(fileOf('memory.json'), 'utf8')) as { readonly pending: unknown[] };
    pendingAtSending.push(pending.length);
    await shell.service.fetch(request);
    throw new TypeError('the answer was lost');
  };
  const signal = AbortSignal.any([]);
  const lost = await run('folders add Letters', { io: { fetch: losing, signal } });
  expect([lost.code, lost.err.split('\n')[0]]).toEqual([5, 'pcehr: the service does not answer']);
  expect(pendingAtSending.length).toBeGreaterThan(0);
  expect(new Set(pendingAtSending)).toEqual(new Set([1]));
  expect((await run('folders')).out).toMatch(/^\S{8} {2}other {2}Letters\n$/);
});

test('a damaged file of the profile is named, and nothing is sent', async () => {
  const before = shell.service.calls.length;
  await writeFile(fileOf('memory.json'), '{"format":');
  expect((await run('folders')).err).toContain('memory.json is damaged');
  await writeFile(fileOf('memory.json'), '{}');
  expect(await run('folders')).toMatchObject({ code: 6 });
  await writeFile(fileOf('profile.json'), '{"id":"ehr1"}');
  expect(await run('folders')).toMatchObject({ code: 6 });
  await writeFile(fileOf('profile.json'), 'null');
  expect(await run('whoami')).toMatchObject({ code: 6 });
  expect(shell.service.calls.length).toBe(before);
});

test('a service that shows less than before is refused with exit code 4', async () => {
  await run('folders add Letters');
  const memory = JSON.parse(await readFile(fileOf('memory.json'), 'utf8')) as { chain: { number: number } };
  await writeFile(
    fileOf('memory.json'),
    JSON.stringify({ ...memory, chain: { ...memory.chain, number: memory.chain.number + 5 } }),
  );
  expect(await run('folders')).toMatchObject({ code: 4, out: '' });
});

test('an interrupted command prints nothing and ends with 130', async () => {
  const signal = AbortSignal.abort(new Error('interrupted'));
  expect(await run('folders', { io: { signal } })).toEqual({ code: 130, out: '', err: '' });
});

test('a reader that ends early gets no message, and the command still stores what it saw', async () => {
  await run('folders add Letters');
  await run('audit');
  const before = await readFile(fileOf('trail.json'), 'utf8');
  await run('folders add Scans');
  const write = () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }));
  const { code, err } = await run('audit', { io: { out: { isTerminal: false, write } } });
  expect([code, err]).toEqual([1, '']);
  expect((await readFile(fileOf('trail.json'), 'utf8')).length).toBeGreaterThan(before.length);
});

test('three wrong words at a question of init make no identity', async () => {
  const asked: string[] = [];
  const questions = {
    secret: async () => PASSPHRASE,
    text: async (message: string) => (asked.push(message), 'zoo'),
    yes: async () => true,
    reveal: async () => undefined,
  };
  const result = await shell.pcehr(['--profile', 'other', 'init'], { io: { questions } });
  expect([result.code, result.err.split(';')[0]]).toEqual([2, 'pcehr: this is not word 4']);
  expect(asked).toEqual(['Word 4', 'That was not it. Word 4', 'That was not it. Word 4']);
  expect(await readdir(shell.path('.local/share/pcehr/other'))).toEqual([]);
});

test('XDG_DATA_HOME has the profiles if it is absolute, and PCEHR_PROFILE names one', async () => {
  const env = { XDG_DATA_HOME: shell.path('data'), PCEHR_PROFILE: 'work' };
  expect(await run('init --words-to more.txt', { io: { env } })).toMatchObject({ code: 0 });
  expect(await readdir(shell.path('data/pcehr/work'))).toContain('identity.age');
  const relative = { XDG_DATA_HOME: 'data', PCEHR_PROFILE: 'work' };
  expect((await run('whoami', { io: { env: relative } })).err).toContain('there is no profile work');
});
