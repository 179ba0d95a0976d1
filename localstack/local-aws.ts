// Starts and stops the local AWS (MiniStack): S3, DynamoDB, and for deployments CloudFormation, Lambda, API Gateway and IAM, on one port.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ensurePython, LocalAwsError } from './python.ts';

export { LocalAwsError } from './python.ts';

export interface LocalAws {
  readonly endpoint: string;
  /** Undefined when somebody else runs it. */
  readonly pid: number | undefined;
  /** Ends what was started, and nothing else. */
  readonly stop: () => Promise<void>;
}

export interface LocalAwsOptions {
  /** A free one unless named. */
  readonly port?: number;
  /** Keep data here over restarts; in memory only when absent. */
  readonly dataDir?: string;
  /** Forget what dataDir holds. */
  readonly fresh?: boolean;
  /** Enforce IAM and signatures. */
  readonly auth?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
}

export const PROJECT = join(import.meta.dirname, '..');
export const STATE = join(PROJECT, '.local');
const START_MS = 60_000;
const STOP_MS = 15_000;

/** @throws {LocalAwsError} when the port is taken */
export const freePort = (wanted = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () =>
      reject(
        new LocalAwsError(
          `Port ${wanted} on 127.0.0.1 is taken. End what uses it, or choose another one (npm start -- --port N).`,
        ),
      ),
    );
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const answers = async (endpoint: string): Promise<boolean> => {
  try {
    return (await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
};

/** Resolves when the process is gone; insists after a while. */
export async function end(child: ChildProcess, patience = STOP_MS): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const insist = setTimeout(() => void child.kill('SIGKILL'), patience);
  await gone;
  clearTimeout(insist);
}

// The supervisor ends the server when its standard input closes: so it goes even when we are killed.
const SUPERVISOR = `
import os, signal, subprocess, sys, threading
child = subprocess.Popen([sys.executable, "-m", "ministack"], stdin=subprocess.DEVNULL)
def end(*_):
    child.terminate()
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, signal.SIG_IGN)
def watch():
    sys.stdin.read()
    end()
threading.Thread(target=watch, daemon=True).start()
sys.exit(child.wait())
`;

/**
 * A running local AWS. AWS_ENDPOINT_URL, where it is set, is taken instead: nothing is started, and stop does nothing.
 * @throws {LocalAwsError} with what to do about it
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const given = process.env['AWS_ENDPOINT_URL'];
  if (given !== undefined && given !== '')
    return { endpoint: given.replace(/\/$/, ''), pid: undefined, stop: () => Promise.resolve() };

  const python = await ensurePython(STATE, 'ministack', join(import.meta.dirname, 'requirements.txt'), options.say);
  const port = await freePort(options.port);
  if (options.fresh === true && options.dataDir !== undefined)
    await rm(options.dataDir, { recursive: true, force: true });
  const logs = join(STATE, 'logs');
  await mkdir(logs, { recursive: true });
  const logFile = join(logs, `ministack-${port}.log`);
  const log = await open(logFile, 'w');

  const child = spawn(python, ['-c', SUPERVISOR], {
    env: { ...process.env, ...settings(port, options), ...options.env },
    stdio: ['pipe', log.fd, log.fd],
    // A Ctrl-C in the terminal is for us: we stop it in order, so that it can save its data.
    detached: true,
  });
  await log.close();
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = (): Promise<void> => end(child);

  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    await sleep(100);
    if (child.exitCode !== null) break;
    if (await answers(endpoint)) return { endpoint, pid: child.pid, stop };
  }
  await stop();
  const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-5).join('\n');
  throw new LocalAwsError(`The local AWS did not start on port ${port}. Its log is ${logFile} and ends with:\n${tail}`);
}

const settings = (port: number, { dataDir, auth }: LocalAwsOptions): Record<string, string> => ({
  BIND_HOST: '127.0.0.1',
  IOT_MTLS_ENABLED: '0',
  GATEWAY_PORT: String(port),
  EDGE_PORT: String(port),
  LOG_LEVEL: 'WARNING',
  PYTHONUNBUFFERED: '1',
  ...(auth === true ? { AUTH: 'true' } : {}),
  ...(dataDir === undefined
    ? {}
    : { PERSIST_STATE: '1', STATE_DIR: join(dataDir, 'state'), S3_PERSIST: '1', S3_DATA_DIR: join(dataDir, 's3') }),
});
