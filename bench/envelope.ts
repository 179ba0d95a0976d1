// Seals and opens a file from disk to disk, digest included, next to age (Go) and, where it is there, rage (Rust): same file, same run, by turns.
// Also what openssl says of the cores. `npm run bench:envelope`; --json prints one line; --bytes N, --passes N; --table tries chunk sizes and widths.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { median } from './median.ts';

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
const bytes = Number(values.bytes);
const passes = Number(values.passes);
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
  /** Bytes. */
  readonly rss?: number;
}

const ours = (job: 'seal' | 'open', from: string, to: string, chunk = 20, width = 4): Done =>
  JSON.parse(
    execFileSync(execPath, ['--import', 'tsx', TASK, job, from, to, String(chunk), String(width)], {
      encoding: 'utf8',
    }),
  ) as Done;

const timed = (command: string, args: readonly string[]): Done => {
  const began = performance.now();
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  return { seconds: (performance.now() - began) / 1000 };
};

const has = (command: string): boolean => spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;

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
  if (!existsSync(join(TOOLS, 'age')) && has('go'))
    spawnSync('go', ['install', AGE], { env: { ...env, GOBIN: TOOLS }, stdio: 'ignore' });
  if (existsSync(join(TOOLS, 'age'))) found.push(ageLike('age', join(TOOLS, 'age'), join(TOOLS, 'age-keygen')));
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
const round = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(2));

interface Lane {
  /** GB/s, median. */
  readonly seal: number;
  readonly open: number;
}

const race = (): Record<string, Lane> => {
  const lanes: Peer[] = [
    { name: 'ours', seal: (f, t) => ours('seal', f, t), open: (f, t) => ours('open', f, t) },
    ...peers(),
  ];
  const done = lanes.map((lane) => ({ ...lane, sealed: [] as Done[], opened: [] as Done[] }));
  for (let pass = 0; pass < passes; pass++)
    for (const lane of done) {
      lane.sealed.push(lane.seal(at('plain'), at(`${lane.name}.sealed`)));
      lane.opened.push(lane.open(at(`${lane.name}.sealed`), at(`${lane.name}.plain`)));
      for (const path of [at(`${lane.name}.sealed`), at(`${lane.name}.plain`)]) rmSync(path);
    }
  return Object.fromEntries(done.map((d) => [d.name, { seal: rateOf(d.sealed), open: rateOf(d.opened) }]));
};

/** How much more memory the whole file takes than one MiB does, in bytes. */
const growth = (): { readonly seal: number; readonly open: number } => {
  fill(at('small'), MIB);
  const rss = (name: string) => ({
    seal: ours('seal', at(name), at(`${name}.sealed`)).rss ?? 0,
    open: ours('open', at(`${name}.sealed`), at(`${name}.opened`)).rss ?? 0,
  });
  const [small, large] = [rss('small'), rss('plain')];
  return { seal: large.seal - small.seal, open: large.open - small.open };
};

const table = (): void => {
  say(`GB/s sealing / opening ${bytes} bytes, median of ${passes}`);
  say(['chunk', 1, 2, 4, 8, 16].join('\t'));
  for (const chunk of [16, 17, 18, 19, 20]) {
    const row = [1, 2, 4, 8, 16].map((width) => {
      const done = Array.from(
        { length: passes },
        () =>
          [
            ours('seal', at('plain'), at('sealed'), chunk, width),
            ours('open', at('sealed'), at('opened'), chunk, width),
          ] as const,
      );
      return `${rateOf(done.map(([s]) => s)).toFixed(2)}/${rateOf(done.map(([, o]) => o)).toFixed(2)}`;
    });
    say([`${2 ** (chunk - 10)} KiB`, ...row].join('\t'));
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
  const memory = growth();
  const result = {
    bytes: statSync(at('plain')).size,
    gbPerSecond: Object.fromEntries(
      Object.entries(lanes).map(([n, l]) => [n, { seal: round(l.seal), open: round(l.open) }]),
    ),
    ratios,
    openssl: { 'aes-256-gcm': round(openssl.aes), sha256: round(openssl.sha) },
    rssGrowthMiB: { seal: Math.round(memory.seal / MIB), open: Math.round(memory.open / MIB) },
  };
  stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`);
};

try {
  main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
