// npm run test:localstack [-- --ci] [jest options]: the suites that need AWS, against the real LocalStack: what answers at AWS_ENDPOINT_URL, else the
// compose file where there is Docker, else LocalStack run by Python and Java. --ci takes the store contract, one flow and a large upload.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { end, freePort, PROJECT, STATE } from '../localstack/local-aws.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../localstack/resources.ts';

interface Running {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** From nothing: Python packages, jars, and a slow start. */
const START_MS = 8 * 60_000;
const COMPOSE = ['compose', '-f', join(PROJECT, 'localstack', 'docker-compose.yml')];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const answers = async (endpoint: string): Promise<boolean> => {
  try {
    return (await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

const untilUp = async (running: Running, alive: () => boolean): Promise<Running> => {
  const until = Date.now() + START_MS;
  while (Date.now() < until && alive()) {
    if (await answers(running.endpoint)) return running;
    await sleep(500);
  }
  await running.stop();
  throw new Error(`LocalStack did not start; its log is in ${join(STATE, 'logs')}`);
};

const hasDocker = (): boolean => spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 20_000 }).status === 0;

async function byDocker(port: number): Promise<Running> {
  const env = { ...process.env, PORT: String(port) };
  execFileSync('docker', [...COMPOSE, 'up', '-d', '--wait'], { env, stdio: 'inherit' });
  const stop = async (): Promise<void> => {
    await Promise.resolve(execFileSync('docker', [...COMPOSE, 'down', '-v'], { env, stdio: 'inherit' }));
  };
  return untilUp({ endpoint: `http://127.0.0.1:${port}`, stop }, () => true);
}

async function byHost(port: number): Promise<Running> {
  await mkdir(join(STATE, 'logs'), { recursive: true });
  const log = createWriteStream(join(STATE, 'logs', `localstack-${port}.log`));
  const child = spawn('bash', [join(PROJECT, 'localstack', 'localstack-host.sh')], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  child.stderr.pipe(process.stderr, { end: false });
  return untilUp(
    { endpoint: `http://127.0.0.1:${port}`, stop: () => end(child, 30_000) },
    () => child.exitCode === null,
  );
}

const start = async (): Promise<Running> => {
  const given = process.env['AWS_ENDPOINT_URL'];
  if (given !== undefined && given !== '') return { endpoint: given, stop: () => Promise.resolve() };
  const port = await freePort();
  return hasDocker() ? byDocker(port) : byHost(port);
};

const runJest = (endpoint: string, options: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const jest = join(PROJECT, 'node_modules', 'jest', 'bin', 'jest.js');
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    };
    const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const child = spawn(process.execPath, [...node, jest, ...options], { cwd: PROJECT, env, stdio: 'inherit' });
    child.once('exit', (code) => resolve(code ?? 1));
  });

const [...options] = process.argv.slice(2);
const ci = options.includes('--ci');
const suites = ci ? ['test/stores/', 'test/flows/main-job', 'test/flows/large-upload'] : [];
const localstack = await start();
console.log(`LocalStack answers at ${localstack.endpoint}`);
try {
  process.exitCode = await runJest(localstack.endpoint, [
    ...suites,
    '--selectProjects',
    'aws',
    'flows',
    ...options.filter((o) => o !== '--ci'),
  ]);
} finally {
  await localstack.stop();
}
