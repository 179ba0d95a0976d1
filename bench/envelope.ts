// Compares our sealing and opening of a file, from disk to disk and with the digest, with age (Go) and, if it is installed, rage (Rust). All take the same
// file, in turn. It also measures openssl on the same processor cores. Our code is bundled as deployed; it runs once from file to file, and once by streams, as
// in uploads and downloads. `npm run bench:envelope`; --json prints one line; --bytes N, --passes N; --table tries chunk sizes, threads, chunks in flight and
// parts in flight.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath, stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { countOf } from './arguments.ts';
import { median } from './statistics.ts';
import { openssl, type Native } from './openssl.ts';

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
const cores = availableParallelism();
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
  // Waits until the file is on the disk. Otherwise pending writes would slow down the first task.
  fsyncSync(file);
  closeSync(file);
};

/**
 * Makes sure that the system has memory for the output of a task. The host of a virtual machine takes back free memory, and returns it page by page when a task
 * needs it. That can cost twice as much as the task itself. It would always slow down the same task, because the order of tasks is fixed.
 */
const makeRoom = (): void => {
  const room = Math.min(8 * bytes, freemem() / 2);
  const script = `const held = []; for (let n = 0; n < ${room}; n += 2 ** 28) held.push(Buffer.alloc(2 ** 28, 1))`;
  execFileSync(execPath, ['-e', script]);
};

interface Done {
  readonly seconds: number;
  /** Processor time of all threads, seconds. */
  readonly cpu: number;
  /** Peak resident set size, bytes. */
  readonly rss?: number;
}

const task = at('task.mjs');
buildSync({ entryPoints: [TASK], outfile: task, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });

/** Settings for our code: log2 of the chunk size; then the number of threads, or for streams the numbers of chunks and parts in flight. */
type Settings = readonly number[];
const DEFAULTS: Settings = [];
/** How our code reads and writes: `''` from file to file by threads, `-stream` by streams. */
type Way = '' | '-stream';

const ours = (job: `${'seal' | 'open'}${Way}`, from: string, to: string, settings = DEFAULTS): Done => {
  const output = execFileSync(execPath, [task, job, from, to, ...settings.map(String)], { encoding: 'utf8' });
  const { seconds, user, system, rss } = JSON.parse(output) as Record<'seconds' | 'user' | 'system' | 'rss', number>;
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

/** Finds the peers: age, which Go builds once, and rage if it is installed. */
const peers = (): readonly Peer[] => {
  const found: Peer[] = [];
  if (!existsSync(join(TOOLS, 'age')) && has('go', 'version'))
    spawnSync('go', ['install', AGE], { env: { ...env, GOBIN: TOOLS }, stdio: 'ignore' });
  if (!existsSync(join(TOOLS, 'age'))) stderr.write('age is left out: go does not run, or cannot fetch and build it\n');
  else found.push(ageLike('age', join(TOOLS, 'age'), join(TOOLS, 'age-keygen')));
  if (has('rage')) found.push(ageLike('rage', 'rage', 'rage-keygen'));
  return found;
};

const round = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(2));

const gb = bytes / 1e9;
const rateOf = (done: readonly Done[]): number => gb / median(done.map((d) => d.seconds));
const cpuOf = (done: readonly Done[]): number => median(done.map((d) => d.cpu)) / gb;
/** Returns the median of the peak memory in MiB. */
const peakOf = (done: readonly Done[]): number => Math.round(median(done.map((d) => d.rss ?? NaN)) / MIB);

interface Rates {
  /** Medians in GB/s. */
  readonly seal: number;
  readonly open: number;
}
interface Lane {
  readonly name: string;
  /** The results, one for each pass that counts. */
  readonly sealed: readonly Done[];
  readonly opened: readonly Done[];
}

const remove = (...names: readonly string[]): void => {
  for (const name of names) rmSync(at(name), { force: true });
};

interface Race {
  readonly lanes: readonly Lane[];
  /** The results of openssl on one core and on all cores, one for each pass that counts. */
  readonly native: readonly { readonly one: Native; readonly all: Native }[];
}
const race = (): Race => {
  const lanes: Peer[] = [
    { name: 'ours', seal: (f, t) => ours('seal', f, t), open: (f, t) => ours('open', f, t) },
    { name: 'streams', seal: (f, t) => ours('seal-stream', f, t), open: (f, t) => ours('open-stream', f, t) },
    ...peers(),
  ];
  const done = lanes.map((lane) => ({ ...lane, sealed: [] as Done[], opened: [] as Done[] }));
  const native: Race['native'][number][] = [];
  // The first pass does not count: programs and memory are cold.
  for (let pass = 0; pass <= passes; pass++) {
    for (const lane of done) {
      makeRoom();
      const sealed = lane.seal(at('plain'), at(`${lane.name}.sealed`));
      makeRoom();
      const opened = lane.open(at(`${lane.name}.sealed`), at(`${lane.name}.plain`));
      remove(`${lane.name}.sealed`, `${lane.name}.plain`);
      if (pass === 0) continue;
      lane.sealed.push(sealed);
      lane.opened.push(opened);
    }
    if (pass === 0) continue;
    const [one, all] = [openssl(1), openssl(cores)];
    if (one !== undefined && all !== undefined) native.push({ one, all });
  }
  return { lanes: done, native };
};

/** Returns how much more memory it takes to seal and to open the whole file than a file of 1 MiB: medians in MiB. */
const growth = (way: Way): Rates => {
  const rss = (name: string) => {
    const done = Array.from({ length: passes }, () => {
      const sealed = ours(`seal${way}`, at(name), at('sealed'));
      const opened = ours(`open${way}`, at('sealed'), at('opened'));
      remove('sealed', 'opened');
      return [sealed.rss ?? 0, opened.rss ?? 0] as const;
    });
    return { seal: median(done.map(([s]) => s)), open: median(done.map(([, o]) => o)) };
  };
  const [small, large] = [rss('small'), rss('plain')];
  return { seal: Math.round((large.seal - small.seal) / MIB), open: Math.round((large.open - small.open) / MIB) };
};

/** Measures all settings in turn, so that a slow minute of the machine affects all of them. */
const table = (way: Way, settings: readonly Settings[], names: string): void => {
  const tried = settings.map((setting) => ({ setting, sealed: [] as Done[], opened: [] as Done[] }));
  for (let pass = 0; pass < passes; pass++)
    for (const { setting, sealed, opened } of tried) {
      makeRoom();
      sealed.push(ours(`seal${way}`, at('plain'), at('sealed'), setting));
      makeRoom();
      opened.push(ours(`open${way}`, at('sealed'), at('opened'), setting));
      remove('sealed', 'opened');
    }
  const cell = (done: readonly Done[]): string =>
    `${rateOf(done).toFixed(2)} | ${cpuOf(done).toFixed(2)} | ${peakOf(done)}`;
  say(`| chunk KiB | ${names} | seal GB/s | s/GB | MiB | open GB/s | s/GB | MiB |`);
  say('|---'.repeat(settings[0]!.length + 6) + '|');
  for (const { setting, sealed, opened } of tried) {
    const [chunk = 0, ...others] = setting;
    say(`| ${[2 ** (chunk - 10), ...others].join(' | ')} | ${cell(sealed)} | ${cell(opened)} |`);
  }
};

const CHUNKS = [16, 17, 18, 19, 20];
const tables = (): void => {
  say(
    `${bytes} bytes, median of ${passes}: GB/s, seconds of processor time for a GB, peak resident MiB\n\nfrom file to file\n`,
  );
  table(
    '',
    CHUNKS.flatMap((chunk) => [1, 2, 3].map((threads) => [chunk, threads])),
    'threads',
  );
  say('\nby streams\n');
  table(
    '-stream',
    [...CHUNKS.flatMap((chunk) => [1, 2, 4, 8].map((width) => [chunk, width, 1])), [19, 4, 2], [19, 4, 4]],
    'chunks in flight | parts on their way',
  );
};

const main = (): void => {
  fill(at('plain'), bytes);
  if (values.table) {
    tables();
    return;
  }
  const { lanes, native } = race();
  const [files, streams, ...others] = lanes as [Lane, Lane, ...Lane[]];
  const each = <T>(some: readonly Lane[], valueOf: (lane: Lane) => T) =>
    Object.fromEntries(some.map((lane) => [lane.name, valueOf(lane)]));
  const rounded = (rates: Rates) => ({ seal: round(rates.seal), open: round(rates.open) });
  /** Returns the median ratios of our rates to those of a peer. It compares results of the same pass, so that a slow minute of the machine affects both. */
  const over = (own: Lane, peers: { readonly seal: readonly number[]; readonly open: readonly number[] }) => {
    const ratio = (done: readonly Done[], rates: readonly number[]) =>
      median(done.map(({ seconds }, pass) => gb / seconds / rates[pass]!));
    return rounded({ seal: ratio(own.sealed, peers.seal), open: ratio(own.opened, peers.open) });
  };
  const ratesOf = (done: readonly Done[]) => done.map(({ seconds }) => gb / seconds);
  const overPeer = (own: Lane) => (peer: Lane) => over(own, { seal: ratesOf(peer.sealed), open: ratesOf(peer.opened) });
  const share = (own: Lane, of: 'one' | 'all') => {
    const rates = native.map((n) => n[of].both);
    return rates.length === passes ? over(own, { seal: rates, open: rates }) : undefined;
  };
  const nativeRates = (of: 'one' | 'all') => {
    const middle = (member: keyof Native) => round(median(native.map((n) => n[of][member])));
    return native.length === 0
      ? undefined
      : { 'aes-256-gcm': middle('aes'), sha256: middle('sha'), both: middle('both') };
  };
  fill(at('small'), MIB);
  const result = {
    bytes: statSync(at('plain')).size,
    cores,
    gbPerSecond: each(lanes, ({ sealed, opened }) => rounded({ seal: rateOf(sealed), open: rateOf(opened) })),
    cpuSecondsPerGb: each(lanes, ({ sealed, opened }) => rounded({ seal: cpuOf(sealed), open: cpuOf(opened) })),
    oursTo: each(others, overPeer(files)),
    streamsTo: each(others, overPeer(streams)),
    openssl: { oneCore: nativeRates('one'), allCores: nativeRates('all') },
    shareOfOpenssl: each([files, streams], (lane) => ({
      ofOneCore: share(lane, 'one'),
      ofAllCores: share(lane, 'all'),
    })),
    peakRssMiB: each([files, streams], ({ sealed, opened }) => ({ seal: peakOf(sealed), open: peakOf(opened) })),
    rssGrowthMiB: { ours: growth(''), streams: growth('-stream') },
  };
  stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`);
};

try {
  main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
