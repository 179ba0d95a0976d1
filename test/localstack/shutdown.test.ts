// Tests shutdown: a run ends by signals and with its parent, its child processes end with it, and --help succeeds.
import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endsWithParent } from '../../localstack/shutdown.ts';
import { until } from './fake-machine.ts';

const PROJECT = join(import.meta.dirname, '../..');
const started: number[] = [];
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
afterEach(() => {
  for (const pid of started.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.stdout!.once('data', (data: Buffer) => resolve(data.toString().trim())));

/** Listens for signals, prints its process id, and exits by itself after a signal. */
const LISTENER = `
import { listenForEnding } from './localstack/shutdown.ts';
const ending = listenForEnding();
const life = setInterval(() => {}, 1000);
ending.signal.addEventListener('abort', () => { clearInterval(life); process.exitCode = ending.exitCode(); });
console.log(process.pid);`;
const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e'] as const;

describe('a run', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('exits by itself after %s, with code %i', async (signal, code) => {
    const [command, ...args] = node;
    const child = spawn(command, [...args, LISTENER], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(Number(await firstLine(child)));
    const exit = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
    child.kill(signal);
    expect(await exit).toEqual([code, null]);
  });

  test('ends when its parent is killed', async () => {
    const parent = `
      const { spawn } = await import('node:child_process');
      spawn(${JSON.stringify(node[0])}, ${JSON.stringify([...node.slice(1), LISTENER])}, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', parent], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(await firstLine(child));
    started.push(pid);
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  test.each(['start', 'demo'] as const)('of npm (%s) has npm as its parent, and no shell between', (name) => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const script = scripts[name]!.replace(/ --import tsx \S+$/, ' -p process.ppid');
    const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(stdout.trim()).toBe(String(process.pid));
  });
});

describe('a child process of a run', () => {
  const SERVER = `setInterval(() => {}, 1000); console.log(process.pid);`;
  const STUBBORN = `process.on('SIGTERM', () => {}); ${SERVER}`;

  test.each([
    ['', SERVER],
    [', even if it ignores SIGTERM', STUBBORN],
  ])('ends when the run is killed%s', async (_, code) => {
    const parent = `
      const { spawn } = await import('node:child_process');
      const { endsWithParent } = await import('./localstack/shutdown.ts');
      spawn(process.execPath, [...endsWithParent(), '-e', ${JSON.stringify(code)}], { stdio: ['ignore', 'inherit', 'inherit'], detached: true });`;
    const [command, ...args] = node;
    const child = spawn(command, [...args, parent], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await firstLine(child));
    started.push(pid);
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  test('keeps running while the run does, and may exit by itself', () => {
    const args = [...endsWithParent(), '-e', 'setTimeout(() => process.exit(7), 1200)'];
    expect(spawnSync(process.execPath, args).status).toBe(7);
    expect(spawnSync(process.execPath, [...endsWithParent(), '-e', '']).status).toBe(0);
  });
});

describe('help', () => {
  test.each([
    ['demo/main.ts', '--help', 'usage: npm run demo'],
    ['demo/main.ts', '-h', 'usage: npm run demo'],
    ['scripts/start.ts', '--help', 'usage: npm start'],
    ['scripts/start.ts', '-h', 'usage: npm start'],
  ])('%s %s prints the usage, and exits with 0', (script, option, usage) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, option], {
      cwd: PROJECT,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.startsWith(usage)).toBe(true);
  });
});
