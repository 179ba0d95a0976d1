// Local AWS: starts and stops MiniStack, which serves S3, DynamoDB, and for deployments CloudFormation, Lambda, API Gateway and IAM, on one port.
import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { localEnvironment } from './environment.ts';
import { logFileIn } from './log-files.ts';
import { ensurePython, LocalAwsError } from './python.ts';

export { LocalAwsError } from './python.ts';

export interface LocalAws {
  readonly endpoint: string;
  /** Process id; undefined if this process did not start the local AWS. */
  readonly pid: number | undefined;
  /** Stops the local AWS if this process started it. */
  readonly stop: () => Promise<void>;
}

export interface LocalAwsOptions {
  /** The port; by default any free port. */
  readonly port?: number;
  /** The folder in which the data are kept between two runs. If absent, the data are in memory only. */
  readonly dataDir?: string;
  /** Whether to enforce IAM and signatures. */
  readonly auth?: boolean;
  readonly say?: (line: string) => void;
  /** Aborts a start. */
  readonly signal?: AbortSignal;
}

/** Properties of the machine on which the local AWS starts. If one is absent, that of this machine is used. */
export interface Machine {
  readonly env?: NodeJS.ProcessEnv;
  /** Folder in which the local AWS is installed and writes its logs. */
  readonly state?: string;
  /** The longest time for a start, ms. */
  readonly patience?: number;
}

export const PROJECT = join(import.meta.dirname, '..');
export const STATE = join(PROJECT, '.local');
const START_MS = 60_000;
const STOP_MS = 15_000;

const unusable = (port: number, code: string | undefined): string => {
  if (code === 'EADDRINUSE') return `Port ${port} on 127.0.0.1 is taken. End what uses it, or choose another one`;
  return `Port ${port} on 127.0.0.1 cannot be used (${code ?? 'unknown'}). Choose another one, above 1023`;
};

/** Checks that a port is free, or finds a free one. @throws {LocalAwsError} if the port is taken or not permitted */
export const freePort = (wanted = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      reject(new LocalAwsError(`${unusable(wanted, code)} (npm start -- --port N).`)),
    );
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const answers = async (endpoint: string): Promise<boolean> => {
  try {
    const { ok, body } = await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(2_000) });
    // Cancels the body, because the connection would stay open until the body is read.
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
};

const PROBE_MS = 10_000;
const UNSET = 'or unset AWS_ENDPOINT_URL: a local AWS is started then.';

/**
 * Reads AWS_ENDPOINT_URL, without a slash at its end; undefined if it is not set. Any HTTP answer shows that the endpoint works.
 * @throws {LocalAwsError} if it is no URL, or nothing answers there
 */
export async function givenEndpoint(
  env: NodeJS.ProcessEnv = process.env,
  patience = PROBE_MS,
): Promise<string | undefined> {
  const url = env['AWS_ENDPOINT_URL'] ?? '';
  if (url === '') return undefined;
  if (!/^https?:/i.test(url) || !URL.canParse(url))
    throw new LocalAwsError(`AWS_ENDPOINT_URL is no URL (http://127.0.0.1:4566 would be one). Mend it, ${UNSET}`);
  const { origin, pathname } = new URL(url);
  try {
    await (await fetch(`${origin}${pathname}`, { signal: AbortSignal.timeout(patience) })).body?.cancel();
  } catch (error) {
    const { message, cause } = error as Error & {
      readonly cause?: { readonly code?: string; readonly message?: string };
    };
    throw new LocalAwsError(
      `Nothing answers at ${origin}${pathname}, which AWS_ENDPOINT_URL names (${cause?.code ?? cause?.message ?? message}). Start what should answer there, ${UNSET}`,
    );
  }
  return url.replace(/\/$/, '');
}

const isGone = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** Kills a process. If the process leads a process group (because it was spawned with `detached`), this also kills its children. */
const killAll = (child: ChildProcess, pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
};

/** Asks a process to end, and resolves when the process has ended. Kills the process if that takes longer than `patience` ms. */
export async function end(child: ChildProcess, patience = STOP_MS): Promise<void> {
  const { pid } = child;
  if (isGone(child) || pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const insist = setTimeout(() => killAll(child, pid), patience);
  await ended;
  clearTimeout(insist);
}

// The supervisor ends the server when the standard input of the supervisor closes. So the server ends even if this process is killed.
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
 * Starts a local AWS and waits until it answers. If AWS_ENDPOINT_URL is set, that endpoint is used instead: nothing is started, and `stop` does nothing.
 * @throws {LocalAwsError} with a remedy in its message; the reason of the signal if that aborted the start
 */
export async function startLocalAws(options: LocalAwsOptions = {}, machine: Machine = {}): Promise<LocalAws> {
  const { env = process.env, state = STATE, patience = START_MS } = machine;
  const userEndpoint = await givenEndpoint(env);
  if (userEndpoint !== undefined) return { endpoint: userEndpoint, pid: undefined, stop: () => Promise.resolve() };

  // The port is checked first, so that a port in use is reported before the installation and not after it.
  if (options.port !== undefined) await freePort(options.port);
  const { say = () => undefined, signal } = options;
  const requirements = join(import.meta.dirname, 'ministack-requirements.txt');
  const python = await ensurePython(state, 'ministack', requirements, { env, say, ...(signal && { signal }) });
  const port = await freePort(options.port);
  const logFile = await logFileIn(state, `ministack-${port}.log`);
  signal?.throwIfAborted();
  const log = await open(logFile, 'w');

  const child = spawn(python, ['-c', SUPERVISOR], {
    env: { ...localEnvironment(env), ...settings(port, options) },
    stdio: ['pipe', log.fd, log.fd],
    // Ctrl-C in the terminal must reach only this process. This process then stops the local AWS in the right order, so that the data are saved.
    detached: true,
  });
  let failure: string | undefined;
  child.once('error', (error) => (failure = `could not be run: ${error.message}`));
  await log.close();
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = (): Promise<void> => end(child);

  const until = Date.now() + patience;
  while (Date.now() < until && failure === undefined && signal?.aborted !== true) {
    await sleep(100);
    if (isGone(child)) failure = `ended at once (${child.signalCode ?? `exit code ${child.exitCode ?? ''}`})`;
    else if (await answers(endpoint)) return { endpoint, pid: child.pid, stop };
  }
  await stop();
  signal?.throwIfAborted();
  const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n');
  throw new LocalAwsError(
    `The local AWS did not start on port ${port}: it ${failure ?? `did not answer within ${patience / 1000} s`}. Try again; if that does ` +
      `not help, delete ${join(state, 'ministack')}, and it is installed anew. Its log is ${logFile} and ends with:\n${tail}`,
  );
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
