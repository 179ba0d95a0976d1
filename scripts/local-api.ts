// Runs the API on this machine: it bundles the functions once, and starts serverless-offline on the bundles in one separate process. It does not watch the
// sources.
import { spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endsWithParent } from '../localstack/shutdown.ts';
import { localEnvironment } from '../localstack/environment.ts';
import { end, freePort, LocalAwsError, PROJECT, STATE } from '../localstack/local-aws.ts';
import { logFileIn } from '../localstack/log-files.ts';
import { isAlive } from '../localstack/python.ts';
import type { Stack } from '../localstack/compiled-stack.ts';
import { bundleFunctions } from './bundle-functions.ts';

export interface Api {
  /** Base URL of the API. */
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface ApiOptions {
  /** URL of the local AWS. */
  readonly endpoint: string;
  readonly stack: Stack;
  /** The port of the API. By default any free port. */
  readonly port?: number | undefined;
  /** Aborts a start that is in progress. */
  readonly signal?: AbortSignal | undefined;
}

const START_MS = 120_000;
const GATEWAY = 'scripts/offline-gateway.ts';
// Limits the heap of the API. All functions together use 80 MB. Without limits V8 lets the heap grow to gigabytes before it collects garbage.
const MEMORY = ['--max-old-space-size=256', '--max-semi-space-size=4'];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const healthy = async (url: string): Promise<boolean> => {
  try {
    const { ok, body } = await fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(5_000) });
    // Cancels the body, because the connection would stay open until the body is read.
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
};

/**
 * Makes the configuration for serverless-offline: provider and functions are as in serverless.yml, but the handlers are in the bundles.
 * @param ports the port of the API, and the port of serverless-offline's own Lambda endpoint
 */
export const offlineService = (
  { service, frameworkVersion, provider, functions, custom }: Stack,
  url: string,
  ports: { readonly httpPort: number; readonly lambdaPort: number },
): object => ({
  service,
  frameworkVersion,
  provider: { ...provider, environment: { ...provider.environment, PUBLIC_ORIGIN: url } },
  plugins: ['serverless-offline', `./${GATEWAY.replace(/\.ts$/, custom.esbuild.outputFileExtension)}`],
  custom: { 'serverless-offline': { ...custom['serverless-offline'], ...ports } },
  // Copies these four members only. Roles are left out, because only deployments need them, and their plugin is not loaded here.
  functions: Object.fromEntries(
    Object.entries(functions).map(([name, { handler, events, environment, timeout }]) => [
      name,
      { handler, events, environment, timeout },
    ]),
  ),
});

/** Removes the folders of runs whose process was killed. The name of a folder contains the number of its process. */
async function sweepFolders(root: string): Promise<void> {
  for (const entry of await readdir(root))
    if (!isAlive(Number.parseInt(entry, 10))) await rm(join(root, entry), { recursive: true, force: true });
}

/**
 * Starts the API and waits until it answers.
 * @throws {LocalAwsError} with the end of the log; the signal's reason if the signal aborted the start
 */
export async function startApi({ endpoint, stack, port: wanted, signal }: ApiOptions): Promise<Api> {
  const root = join(STATE, 'api');
  await mkdir(root, { recursive: true });
  await sweepFolders(root);
  const [port, lambdaPort] = [await freePort(wanted), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const dir = join(root, `${process.pid}-${port}`);
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    await bundleFunctions(stack, dir, [GATEWAY]);
    await writeFile(
      join(dir, 'serverless.json'),
      JSON.stringify(offlineService(stack, url, { httpPort: port, lambdaPort })),
    );
    signal?.throwIfAborted();
    const { pid, stop } = await run({ dir, url, port, endpoint, signal });
    return { url, pid, stop: () => stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Run {
  readonly dir: string;
  readonly url: string;
  readonly port: number;
  readonly endpoint: string;
  readonly signal: AbortSignal | undefined;
}

async function run({ dir, url, port, endpoint, signal }: Run): Promise<{ pid: number; stop: () => Promise<void> }> {
  const logFile = await logFileIn(STATE, `api-${port}.log`);
  const log = await open(logFile, 'w');
  const cli = join(PROJECT, 'node_modules', 'serverless', 'bin', 'serverless.js');
  const child = spawn(process.execPath, [...MEMORY, ...endsWithParent(), cli, 'offline', 'start'], {
    cwd: dir,
    env: localEnvironment(process.env, endpoint),
    stdio: ['ignore', log.fd, log.fd],
    // Ctrl-C in the terminal must not reach the child, because the parent stops it in the right order.
    detached: true,
  });
  await log.close();
  const stop = (): Promise<void> => end(child);
  const until = Date.now() + START_MS;
  const isUp = (): boolean => child.exitCode === null && child.signalCode === null;
  while (Date.now() < until && isUp() && signal?.aborted !== true) {
    await sleep(100);
    if (await healthy(url)) return { pid: child.pid ?? 0, stop };
  }
  await stop();
  signal?.throwIfAborted();
  const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n');
  throw new LocalAwsError(`The API did not start on port ${port}. Its log is ${logFile} and ends with:\n${tail}`);
}
