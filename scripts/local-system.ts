// The whole system on this machine: local AWS, table and bucket, and the API by serverless-offline.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { holdData } from '../localstack/data-lock.ts';
import { endsWithParent } from '../localstack/shutdown.ts';
import { end, freePort, givenEndpoint, LocalAwsError, PROJECT, startLocalAws, STATE } from '../localstack/local-aws.ts';
import { logFileIn } from '../localstack/log-files.ts';
import { compiledStack, createResources, LOCAL_CREDENTIALS, LOCAL_REGION } from '../localstack/resources.ts';

export interface System {
  /** Where the API answers. */
  readonly url: string;
  /** Where the local AWS answers. */
  readonly endpoint: string;
  /** The process that runs the functions. */
  readonly apiPid: number;
  readonly stop: () => Promise<void>;
}

export interface SystemOptions {
  /** Port of the API; a free one unless named. */
  readonly port?: number;
  /** Use and keep what `.local/data` holds, or delete that first and keep what comes; else all is in memory only. */
  readonly data?: 'kept' | 'fresh';
  readonly say?: (line: string) => void;
  /** Ends a start that is under way, with all that it started. */
  readonly signal?: AbortSignal;
}

const SUFFIX = 'local';
const START_MS = 120_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const healthy = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

/** What the functions are told. Credentials that are set already are left alone: they belong to AWS_ENDPOINT_URL. */
export const localEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: process.env['AWS_ACCESS_KEY_ID'] ?? LOCAL_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: process.env['AWS_SECRET_ACCESS_KEY'] ?? LOCAL_CREDENTIALS.secretAccessKey,
  AWS_REGION: LOCAL_REGION,
  AWS_ENDPOINT_URL: endpoint,
});

const startApi = async (endpoint: string, wanted: number | undefined, signal: AbortSignal | undefined) => {
  const [port, lambdaPort] = [await freePort(wanted), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const logFile = await logFileIn(STATE, `api-${port}.log`);
  signal?.throwIfAborted();
  const log = createWriteStream(logFile);
  const cli = join(PROJECT, 'node_modules', 'serverless', 'bin', 'serverless.js');
  const child = spawn(
    process.execPath,
    [...endsWithParent(), cli, 'offline', 'start', '--param', `suffix=${SUFFIX}`, '--param', `origin=${url}`],
    {
      cwd: PROJECT,
      env: {
        ...process.env,
        ...localEnvironment(endpoint),
        OFFLINE_PORT: String(port),
        OFFLINE_LAMBDA_PORT: String(lambdaPort),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A Ctrl-C in the terminal is for us: we end it in order.
      detached: true,
    },
  );
  for (const output of [child.stdout, child.stderr]) output.pipe(log, { end: false });
  child.once('close', () => log.end());
  const stop = (): Promise<void> => end(child);
  const until = Date.now() + START_MS;
  const isUp = (): boolean => child.exitCode === null && child.signalCode === null;
  while (Date.now() < until && isUp() && signal?.aborted !== true) {
    await sleep(100);
    if (await healthy(url)) return { url, pid: child.pid ?? 0, stop };
  }
  await stop();
  signal?.throwIfAborted();
  await finished(log);
  const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n');
  throw new LocalAwsError(`The API did not start on port ${port}. Its log is ${logFile} and ends with:\n${tail}`);
};

/** @throws {LocalAwsError} with what to do about it; the signal's reason when that ended the start */
export async function startSystem({ port, data, say, signal }: SystemOptions = {}): Promise<System> {
  // Nothing is installed, started or forgotten for a start that cannot be.
  if (port !== undefined) await freePort(port);
  const given = await givenEndpoint();
  const held = data === undefined || given !== undefined ? undefined : await holdData(STATE, data === 'fresh');
  const undo = [async () => held?.release()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const aws = await startLocalAws({
      ...(held && { dataDir: held.dir }),
      ...(say && { say }),
      ...(signal && { signal }),
    });
    undo.push(aws.stop);
    await createResources(aws.endpoint, await compiledStack(SUFFIX));
    signal?.throwIfAborted();
    const api = await startApi(aws.endpoint, port, signal);
    undo.push(api.stop);
    return { url: api.url, endpoint: aws.endpoint, apiPid: api.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
