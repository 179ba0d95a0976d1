// Seals and opens a file from disk to disk, digest included, next to age (Go) and, where it is there, rage (Rust): same file, same run, by turns.
// Also what openssl says of the cores. Ours runs as deployed: bundled. `npm run bench:envelope`; --json prints one line; --bytes N, --passes N;
// --table tries chunk sizes, chunks in flight, and parts on their way.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath, stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { countOf, median } from './median.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const TASK = join(import.meta.dirname, 'envelope-task.ts');
const AGE = 'filippo.io/age/cmd/...@v1.2.1';
const TOOLS = join(import.meta.dirname, '..', '.local', 'bench');

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    json: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    bytes: { type: 'string', default: String(GIB) },
    passes: { type: 'string', default: '3' },
  },
});
const bytes = countOf(values, 'bytes');
const passes = countOf(values, 'passes');
const folder = mkdtempSync(join(tmpdir(), 'bench-envelope-'));
const at = (name: string): string => join(folder, name);

const say = (line: string): void => {
  if (!values.json) stdout.write(`${line}\n`);
};

const fill = (path: string, length: number): void => {
  const block = Buffer.alloc(MIB);
  const file = openSync(path, 'w');
  for (let left = length; left > 0; left -= block.length)
    writeSync(file, randomFillSync(block), 0, Math.min(left, block.length));
  // What the disk still has to write would be counted to whoever comes first.
  fsyncSync(file);
  closeSync(file);
};

interface Done {
  readonly seconds: number;
  /** Seconds of processor time, of all threads. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss?: number;
}

const task = at('task.mjs');
buildSync({ entryPoints: [TASK], outfile: task, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });

/** How ours runs: log2 of the chunk size, chunks in flight, parts on their way. */
type Settings = readonly (number | string)[];
const DEFAULTS: Settings = [];

const ours = (job: 'seal' | 'open', from: string, to: string, settings = DEFAULTS): Done => {
  const told = execFileSync(execPath, [task, job, from, to, ...settings.map(String)], { encoding: 'utf8' });
  const { seconds, user, system, rss } = JSON.parse(told) as Record<'seconds' | 'user' | 'system' | 'rss', number>;
  return { seconds, cpu: user + system, rss };
};

const timed = (command: string, args: readonly string[]): Done => {
  const script = 'TIMEFORMAT="%R %U %S"; time "$0" "$@" 2>/dev/null';
  const { stderr, status } = spawnSync('bash', ['-c', script, command, ...args], { encoding: 'utf8' });
  const [seconds = NaN, user = NaN, system = NaN] = stderr.trim().split(' ').map(Number);
  if (status !== 0) throw new Error(`${command} failed`);
  return { seconds, cpu: user + system };
};

const has = (command: string, version = '--version'): boolean =>
  spawnSync(command, [version], { stdio: 'ignore' }).error === undefined;

interface Peer {
  readonly name: string;
  readonly seal: (from: string, to: string) => Done;
  readonly open: (from: string, to: string) => Done;
}
const ageLike = (name: string, command: string, keygen: string): Peer => {
  const key = at(`${name}.key`);
  execFileSync(keygen, ['-o', key], { stdio: 'ignore' });
  const recipient = execFileSync(keygen, ['-y', key], { encoding: 'utf8' }).trim();
  return {
    name,
    seal: (from, to) => timed(command, ['-r', recipient, '-o', to, from]),
    open: (from, to) => timed(command, ['-d', '-i', key, '-o', to, from]),
  };
};

/** age is what Go builds of it, once; rage is taken where somebody installed it. */
const peers = (): readonly Peer[] => {
  const found: Peer[] = [];
  if (!existsSync(join(TOOLS, 'age')) && has('go', 'version'))
    spawnSync('go', ['install', AGE], { env: { ...env, GOBIN: TOOLS }, stdio: 'ignore' });
  if (!existsSync(join(TOOLS, 'age'))) stderr.write('age is left out: go does not run, or cannot fetch and build it\n');
  else found.push(ageLike('age', join(TOOLS, 'age'), join(TOOLS, 'age-keygen')));
  if (has('rage')) found.push(ageLike('rage', 'rage', 'rage-keygen'));
  return found;
};

/** GB/s of one core, in blocks of 1 MiB; undefined without openssl. */
const opensslSpeed = (algorithm: string): number | undefined => {
  const { stdout: told, status } = spawnSync(
    'openssl',
    ['speed', '-mr', '-seconds', '1', '-bytes', String(MIB), '-evp', algorithm],
    { encoding: 'utf8' },
  );
  const rate = /^\+F:\d+:[^:]+:([\d.]+)/m.exec(told)?.[1];
  return status === 0 && rate !== undefined ? Number(rate) / 1e9 : undefined;
};

const rateOf = (done: readonly Done[]): number => bytes / 1e9 / median(done.map((d) => d.seconds));
const cpuOf = (done: readonly Done[]): number => median(done.map((d) => d.cpu)) / (bytes / 1e9);
const round = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(2));

interface Rates {
  /** GB/s, median. */
  readonly seal: number;
  readonly open: number;
}
interface Lane extends Rates {
  /** Seconds of processor time for a GB, median. */
  readonly cpu: Rates;
}

const remove = (...names: readonly string[]): void => {
  for (const name of names) rmSync(at(name), { force: true });
};

const race = (): Record<string, Lane> => {
  const lanes: Peer[] = [
    { name: 'ours', seal: (f, t) => ours('seal', f, t), open: (f, t) => ours('open', f, t) },
    ...peers(),
  ];
  const done = lanes.map((lane) => ({ ...lane, sealed: [] as Done[], opened: [] as Done[] }));
  // The first pass is for what is cold: programs, and memory that the machine's host has to give.
  for (let pass = 0; pass <= passes; pass++)
    for (const lane of done) {
      const sealed = lane.seal(at('plain'), at(`${lane.name}.sealed`));
      const opened = lane.open(at(`${lane.name}.sealed`), at(`${lane.name}.plain`));
      remove(`${lane.name}.sealed`, `${lane.name}.plain`);
      if (pass === 0) continue;
      lane.sealed.push(sealed);
      lane.opened.push(opened);
    }
  return Object.fromEntries(
    done.map(({ name, sealed, opened }) => [
      name,
      { seal: rateOf(sealed), open: rateOf(opened), cpu: { seal: cpuOf(sealed), open: cpuOf(opened) } },
    ]),
  );
};

/** How much more memory the whole file takes than one MiB does, in bytes: medians. */
const growth = (): { readonly seal: number; readonly open: number } => {
  fill(at('small'), MIB);
  const rss = (name: string) => {
    const done = Array.from({ length: passes }, () => {
      const sealed = ours('seal', at(name), at('sealed'));
      const opened = ours('open', at('sealed'), at('opened'));
      remove('sealed', 'opened');
      return [sealed.rss ?? 0, opened.rss ?? 0] as const;
    });
    return { seal: median(done.map(([s]) => s)), open: median(done.map(([, o]) => o)) };
  };
  const [small, large] = [rss('small'), rss('plain')];
  return { seal: large.seal - small.seal, open: large.open - small.open };
};

/** All settings by turns, so that a slow minute of the machine is everybody's. */
const table = (): void => {
  const tried = new Map<string, { readonly sealed: Done[]; readonly opened: Done[] }>();
  const settings = [
    ...[16, 17, 18, 19, 20].flatMap((chunk) => [1, 2, 4, 8].map((width) => [chunk, width, 1])),
    ...[2, 4].map((parts) => [20, 4, parts]),
  ];
  for (let pass = 0; pass < passes; pass++)
    for (const setting of settings) {
      const { sealed, opened } = tried.get(String(setting)) ?? { sealed: [], opened: [] };
      tried.set(String(setting), { sealed, opened });
      sealed.push(ours('seal', at('plain'), at('sealed'), setting));
      opened.push(ours('open', at('sealed'), at('opened'), setting));
      remove('sealed', 'opened');
    }
  const cell = (done: readonly Done[]): string =>
    `${rateOf(done).toFixed(2)} | ${cpuOf(done).toFixed(2)} | ${Math.round(median(done.map((d) => d.rss ?? 0)) / MIB)}`;
  say(`${bytes} bytes, median of ${passes}: GB/s, seconds of processor time for a GB, peak resident MiB\n`);
  say('| chunk KiB | chunks in flight | parts on their way | seal GB/s | s/GB | MiB | open GB/s | s/GB | MiB |');
  say('|---|---|---|---|---|---|---|---|---|');
  for (const [chunk = 0, width, parts] of settings) {
    const { sealed, opened } = tried.get(String([chunk, width, parts]))!;
    say(`| ${2 ** (chunk - 10)} | ${width} | ${parts} | ${cell(sealed)} | ${cell(opened)} |`);
  }
};

const main = (): void => {
  fill(at('plain'), bytes);
  if (values.table) {
    table();
    return;
  }
  const lanes = race();
  const { ours: own, ...others } = lanes;
  const ratios = Object.fromEntries(
    Object.entries(others).map(([name, peer]) => [
      name,
      { seal: round(own!.seal / peer.seal), open: round(own!.open / peer.open) },
    ]),
  );
  const openssl = { aes: opensslSpeed('aes-256-gcm'), sha: opensslSpeed('sha256') };
  // One core that does both, one after the other.
  const combined = openssl.aes && openssl.sha && 1 / (1 / openssl.aes + 1 / openssl.sha);
  const rounded = (rates: Rates) => ({ seal: round(rates.seal), open: round(rates.open) });
  const memory = growth();
  const result = {
    bytes: statSync(at('plain')).size,
    gbPerSecond: Object.fromEntries(Object.entries(lanes).map(([n, l]) => [n, rounded(l)])),
    cpuSecondsPerGb: Object.fromEntries(Object.entries(lanes).map(([n, l]) => [n, rounded(l.cpu)])),
    ratios,
    opensslPerCore: { 'aes-256-gcm': round(openssl.aes), sha256: round(openssl.sha), both: round(combined) },
    shareOfOpenssl: combined && rounded({ seal: own!.seal / combined, open: own!.open / combined }),
    rssGrowthMiB: { seal: Math.round(memory.seal / MIB), open: Math.round(memory.open / MIB) },
  };
  stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`);
};

try {
  main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
