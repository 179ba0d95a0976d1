// Starts and stops the local AWS (MiniStack): S3, DynamoDB, and for deployments CloudFormation, Lambda, API Gateway and IAM, on one port.
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
  /** Enforce IAM and signatures. */
  readonly auth?: boolean;
  readonly say?: (line: string) => void;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

/** What of the machine is used; this machine's own unless named. */
export interface Machine {
  readonly env?: NodeJS.ProcessEnv;
  /** Where the local AWS is installed and logs. */
  readonly state?: string;
  /** How long a start may take, in ms. */
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

/** @throws {LocalAwsError} when the port is taken, or not for us */
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
    // A body that nobody reads keeps its connection open.
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
};

const PROBE_MS = 10_000;
const UNSET = 'or unset AWS_ENDPOINT_URL: a local AWS is started then.';

/**
 * What AWS_ENDPOINT_URL names, without a slash at its end; undefined when it is not set. Any HTTP answer counts as one.
 * @throws {LocalAwsError} when nothing answers there
 */
export async function givenEndpoint(
  env: NodeJS.ProcessEnv = process.env,
  patience = PROBE_MS,
): Promise<string | undefined> {
  const given = env['AWS_ENDPOINT_URL'] ?? '';
  if (given === '') return undefined;
  if (!/^https?:/i.test(given) || !URL.canParse(given))
    throw new LocalAwsError(`AWS_ENDPOINT_URL is no URL (http://127.0.0.1:4566 would be one). Mend it, ${UNSET}`);
  const { origin, pathname } = new URL(given);
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
  return given.replace(/\/$/, '');
}

const isGone = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** With its own children, where it leads a group (as what is spawned `detached` does). */
const killAll = (child: ChildProcess, pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
};

/** Resolves when the process is gone; insists after a while. */
export async function end(child: ChildProcess, patience = STOP_MS): Promise<void> {
  const { pid } = child;
  if (isGone(child) || pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const insist = setTimeout(() => killAll(child, pid), patience);
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
 * @throws {LocalAwsError} with what to do about it; the signal's reason when that ended the start
 */
export async function startLocalAws(options: LocalAwsOptions = {}, machine: Machine = {}): Promise<LocalAws> {
  const { env = process.env, state = STATE, patience = START_MS } = machine;
  const given = await givenEndpoint(env);
  if (given !== undefined) return { endpoint: given, pid: undefined, stop: () => Promise.resolve() };

  // Said before an install, not after it.
  if (options.port !== undefined) await freePort(options.port);
  const { say = () => undefined, signal } = options;
  const requirements = join(import.meta.dirname, 'requirements.txt');
  const python = await ensurePython(state, 'ministack', requirements, { env, say, ...(signal && { signal }) });
  const port = await freePort(options.port);
  const logFile = await logFileIn(state, `ministack-${port}.log`);
  signal?.throwIfAborted();
  const log = await open(logFile, 'w');

  const child = spawn(python, ['-c', SUPERVISOR], {
    env: { ...localEnvironment(env), ...settings(port, options) },
    stdio: ['pipe', log.fd, log.fd],
    // A Ctrl-C in the terminal is for us: we stop it in order, so that it can save its data.
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
