// Tests that peak memory does not grow with the file, in the client and in the API: 300 MiB are compared with 1 MiB.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROUTES } from '../../../lib/api/routes.ts';
import { API_URL } from './people.ts';

const MiB = 1024 * 1024;
const PROJECT = join(import.meta.dirname, '..', '..', '..');
const TOLERANCE = 150 * MiB;

interface Run {
  readonly sealed: number;
  readonly opened: number;
  readonly sha256: string;
}

const worker = (args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(PROJECT, 'test', 'support', 'peak-memory-process.ts'), ...args],
      {
        cwd: PROJECT,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(out) : reject(new Error(`the worker ended with ${code}`))));
  });

/** Files the record in one process and opens it in another. Returns the peak memory (maxRSS) of each, in bytes. */
const run = async (file: string, home: string): Promise<Run> => {
  const filed = JSON.parse(await worker(['file', API_URL, home, file])) as { rss: number };
  const opened = JSON.parse(await worker(['open', API_URL, home])) as { rss: number; sha256: string };
  return { sealed: filed.rss, opened: opened.rss, sha256: opened.sha256 };
};

const randomFile = async (path: string, length: number): Promise<string> => {
  const file = await open(path, 'w');
  for (let i = 0; i < length; i += MiB) await file.write(randomBytes(Math.min(MiB, length - i)));
  await file.close();
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** The API's peak memory so far, in bytes; undefined where there is no /proc (not on Linux). */
const apiPeak = async (): Promise<number | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const status = await readFile(`/proc/${process.env['API_PID']}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
};

test('the local API runs all functions in one process of at most 400 MB, without a bundler', async () => {
  if (process.platform !== 'linux') return;
  const pid = process.env['API_PID']!;
  expect((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim()).toBe('');
  // Calls each function, so that its code is loaded. The calls are unsigned, and the service refuses them.
  for (const { method, path } of Object.values(ROUTES)) {
    const body = method === 'GET' ? {} : { body: '{}' };
    await (await fetch(`${API_URL}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method, ...body })).body?.cancel();
  }
  expect(await apiPeak()).toBeLessThan(400e6);
});

test('filing and opening 300 MiB needs about as much memory as 1 MiB', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'memory-'));
  try {
    const small = join(dir, 'small');
    const big = join(dir, 'big');
    const hashes = [await randomFile(small, MiB), await randomFile(big, 300 * MiB)];
    const first = await run(small, join(dir, 'one'));
    const before = await apiPeak();
    const second = await run(big, join(dir, 'two'));
    const after = await apiPeak();
    expect([first.sha256, second.sha256]).toEqual(hashes);
    expect(second.sealed - first.sealed).toBeLessThan(TOLERANCE);
    expect(second.opened - first.opened).toBeLessThan(TOLERANCE);
    if (before === undefined || after === undefined)
      process.stderr.write('The peak of the API is in /proc, which only Linux has: it was not looked at.\n');
    else {
      expect(before).toBeGreaterThan(0);
      expect(after - before).toBeLessThan(TOLERANCE);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 600_000);
