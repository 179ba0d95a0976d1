// Tests the command `pcehr` as a process: package.json names it, a pipe can end early, and a passphrase comes through a file descriptor.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../docs/page-faults.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pcehr-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const environment = () => ({ ...process.env, NODE_OPTIONS: '', XDG_DATA_HOME: folder });

test('package.json names the command, as bin and as a script', async () => {
  const { bin, scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>;
    readonly scripts: Readonly<Record<string, string>>;
  };
  expect(await readFile(join(ROOT, bin['pcehr']!), 'utf8')).toMatch(/^#!\/usr\/bin\/env -S node --import tsx\n/);
  const { stdout } = await promisify(execFile)('sh', ['-c', `${scripts['pcehr']!} "$@" | head -n 1`, 'sh', '--help'], {
    cwd: ROOT,
    env: environment(),
  });
  expect(stdout).toBe('Usage: pcehr [options] [command]\n');
});

test('a passphrase comes through a file descriptor, and no question is asked without a terminal', async () => {
  const words = join(folder, 'words.txt');
  const argv = ['lib/cli/main.ts', '--passphrase-fd', '3', '--json', 'init', '--words-to', words];
  const child = spawn(process.execPath, ['--import', 'tsx', ...argv], {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const printed: Record<'out' | 'err', string> = { out: '', err: '' };
  child.stdout!.on('data', (data: Buffer) => (printed.out += data.toString()));
  child.stderr!.on('data', (data: Buffer) => (printed.err += data.toString()));
  (child.stdio[3] as NodeJS.WritableStream).end('correct horse battery staple\n');
  const [code] = (await once(child, 'close')) as [number];
  expect([code, printed.err]).toEqual([0, '']);
  expect(JSON.parse(printed.out)).toMatchObject({ profile: 'default', folder: join(folder, 'pcehr', 'default') });
  expect((await readFile(words, 'utf8')).split(' ')).toHaveLength(24);
});
