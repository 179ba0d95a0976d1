// `npm run test:localstack [-- --ci] [jest options]` runs the suites that need AWS against the real LocalStack. It uses the LocalStack at AWS_ENDPOINT_URL. If
// the variable is not set, it starts one: from the compose file if there is Docker, otherwise on Python and Java. --ci runs only the store contract, one flow,
// a large upload, and two suites with concurrent callers.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { withLocalAws } from '../localstack/environment.ts';
import { end, freePort, givenEndpoint, LocalAwsError, PROJECT, STATE } from '../localstack/local-aws.ts';

interface Running {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** The longest time for a start, ms. The first start installs Python packages and jars, and is slow. */
const START_MS = 8 * 60_000;
const CONFIG = ['--config', join(PROJECT, 'test', 'config', 'jest.config.js')];
const COMPOSE = ['compose', '-f', join(PROJECT, 'localstack', 'docker-compose.yml')];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const answers = async (endpoint: string): Promise<boolean> => {
  try {
    return (await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

const untilUp = async (running: Running, alive: () => boolean, log: () => Promise<string>): Promise<Running> => {
  const until = Date.now() + START_MS;
  while (Date.now() < until && alive()) {
    if (await answers(running.endpoint)) return running;
    await sleep(500);
  }
  const why = alive() ? `did not answer within ${START_MS / 60_000} minutes` : 'ended';
  const tail = (await log()).trim().split('\n').slice(-8).join('\n');
  await running.stop();
  throw new LocalAwsError(`LocalStack did not start: it ${why}. Its log ends with:\n${tail}`);
};

const hasDocker = (): boolean =>
  [['info'], ['compose', 'version']].every(
    (args) => spawnSync('docker', args, { stdio: 'ignore', timeout: 20_000 }).status === 0,
  );

async function byDocker(port: number): Promise<Running> {
  const env = { ...process.env, PORT: String(port) };
  const compose = (...args: string[]) => spawnSync('docker', [...COMPOSE, ...args], { env, stdio: 'inherit' }).status;
  const stop = (): Promise<void> => Promise.resolve(void compose('down', '-v'));
  if (compose('up', '-d', '--wait') !== 0) {
    await stop();
    throw new LocalAwsError(
      'docker compose could not start LocalStack; what it said is above. Is the network there for its image? ' +
        'Mend that, or set AWS_ENDPOINT_URL to a LocalStack that runs already.',
    );
  }
  const log = () =>
    Promise.resolve(spawnSync('docker', [...COMPOSE, 'logs', '--tail', '20'], { env }).stdout.toString());
  return untilUp({ endpoint: `http://127.0.0.1:${port}`, stop }, () => true, log);
}

async function byHost(port: number): Promise<Running> {
  await mkdir(join(STATE, 'logs'), { recursive: true });
  const logFile = join(STATE, 'logs', `localstack-${port}.log`);
  const log = createWriteStream(logFile);
  const child = spawn('bash', [join(PROJECT, 'localstack', 'localstack-host.sh')], {
    env: { ...withLocalAws(process.env), PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const output of [child.stdout, child.stderr]) output.pipe(log, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  child.once('close', () => log.end());
  const stop = (): Promise<void> => end(child, 30_000);
  return untilUp(
    { endpoint: `http://127.0.0.1:${port}`, stop },
    () => child.exitCode === null && child.signalCode === null,
    async () => {
      await stop();
      await finished(log);
      return readFile(logFile, 'utf8');
    },
  );
}

const start = async (): Promise<Running> => {
  const endpoint = await givenEndpoint();
  if (endpoint !== undefined) return { endpoint, stop: () => Promise.resolve() };
  const port = await freePort();
  return hasDocker() ? byDocker(port) : byHost(port);
};

const runJest = (endpoint: string, options: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const jest = join(PROJECT, 'node_modules', 'jest', 'bin', 'jest.js');
    const env = withLocalAws(process.env, endpoint);
    const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const child = spawn(process.execPath, [...node, jest, ...CONFIG, ...options], {
      cwd: PROJECT,
      env,
      stdio: 'inherit',
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });

const [...options] = process.argv.slice(2);
const ci = options.includes('--ci');
/** The suites of --ci. The others take too long for CI on LocalStack: docs/CONTRIBUTING.md. */
const CI_SUITES = [
  'test/aws/stores/',
  'test/aws/concurrency/two-callers',
  'test/aws/concurrency/many-writers',
  'test/aws/flows/main-job',
  'test/aws/flows/large-upload',
];
const suites = ci ? CI_SUITES : [];
let localstack: Running | undefined;
try {
  localstack = await start();
  console.log(`LocalStack answers at ${localstack.endpoint}`);
  process.exitCode = await runJest(localstack.endpoint, [
    ...suites,
    ...options.filter((o) => o !== '--ci'),
    // This option comes last, because jest would take a path after it for a project.
    '--selectProjects',
    'aws',
    'flows',
  ]);
} catch (error) {
  console.error(error instanceof LocalAwsError ? error.message : error);
  process.exitCode = 1;
} finally {
  await localstack?.stop();
}
