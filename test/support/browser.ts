// Runs a page in a headless Chromium without a driver or a debugging protocol: it serves the page, and waits for the report that the page sends.
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { end } from '../../localstack/local-aws.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLACES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export const HOW_TO_INSTALL =
  'No Chromium was found, so it is not shown that the SDK runs in a browser. Install one (Debian: apt-get install chromium; ' +
  'macOS: brew install --cask chromium; elsewhere Google Chrome), or name one in CHROMIUM.';

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Finds the browser: the one in CHROMIUM, else the first on the PATH or in macOS's folder. */
export const findChromium = (env: NodeJS.ProcessEnv): string | undefined => {
  if (env['CHROMIUM'] !== undefined && env['CHROMIUM'] !== '') return env['CHROMIUM'];
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PLACES].find(isProgram);
};

const FLAGS = [
  '--headless=new',
  '--disable-gpu',
  // Chromium then uses no /dev/shm, which is too small in containers.
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-breakpad',
  '--no-first-run',
  '--no-proxy-server',
  // Chromium then writes to stderr the page's console, and the requests that it refuses because of CORS or the content security policy.
  '--enable-logging=stderr',
];

export interface Page {
  /** A module that runs in an empty page. */
  readonly script: string;
  readonly query: Readonly<Record<string, string>>;
  /** The other origins to which the page may connect. */
  readonly connects: readonly string[];
  /** A source that the content security policy allows for scripts, besides `'self'`. */
  readonly allows?: '' | "'wasm-unsafe-eval'" | undefined;
  readonly workers?: "'none'" | 'blob:';
  /** Whether the page is cross-origin isolated, which a clock of high resolution requires. */
  readonly isIsolated?: boolean;
}

/** Serves the page under a policy that allows its own script and no eval, and receives its report. */
const serve = (
  { script, connects, allows = '', workers = "'none'", isIsolated = false }: Page,
  onReport: (report: string) => void,
): Promise<Server> => {
  const headers = {
    'content-security-policy': `default-src 'none'; script-src 'self' ${allows}; worker-src ${workers}; connect-src 'self' ${connects.join(' ')}`,
    ...(isIsolated && { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }),
  };
  const files: Readonly<Record<string, readonly [type: string, body: string]>> = {
    '/': ['text/html', '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', script],
  };
  const take = async (request: IncomingMessage): Promise<void> => onReport(await text(request));
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.method === 'POST' && pathname === '/report') {
      void take(request).then(() => answer.writeHead(204).end());
      return;
    }
    const [type, body] = files[pathname] ?? [];
    if (type === undefined) answer.writeHead(404).end();
    else answer.writeHead(200, { 'content-type': type, ...headers }).end(body);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
};

/** Kills the browser's processes that are still running. */
const endGroup = (leader: number | undefined): void => {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // No process of the browser runs any more.
  }
};

/** Returns the end of the browser's output, without errors about a missing desktop. */
const lastOf = (said: string): string =>
  said
    .split('\n')
    .filter((line) => !line.includes('dbus'))
    .slice(-20)
    .join('\n');

export interface Ran {
  /** The report that the page sent. */
  readonly report: unknown;
  /** The end of the browser's output: the console, and refusals because of CORS or the policy. */
  readonly said: string;
}

/**
 * Opens the page in the browser and waits for its report.
 * @throws {Error} if the browser ends first or the page takes longer than `patience` ms, with the end of the browser's output
 */
export const runPage = async (chromium: string, page: Page, patience: number): Promise<Ran> => {
  // TMPDIR is not used, because the path of a socket below this folder may have only about 100 characters.
  const home = await mkdtemp('/tmp/browser-');
  const posts = new EventEmitter<{ report: [string] }>();
  const server = await serve(page, (report) => posts.emit('report', report));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/?${new URLSearchParams(page.query).toString()}`;
  // Chromium does not run its sandbox as root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(chromium, [...FLAGS, ...sandbox, `--user-data-dir=${home}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: home },
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Ran>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`the browser ${why}; it said last:\n${lastOf(said)}`));
      posts.once('report', (report) => resolve({ report: JSON.parse(report), said: lastOf(said) }));
      child.once('error', (error) => fail(`did not start (${error.message})`));
      child.once('close', (code) => fail(`ended (${code})`));
      timer = setTimeout(() => fail(`did not finish the page in ${patience / 1000} s`), patience);
    });
  } finally {
    clearTimeout(timer);
    await end(child);
    endGroup(child.pid);
    server.close();
    server.closeAllConnections();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
};
