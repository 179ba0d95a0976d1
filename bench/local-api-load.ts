// Load test of the API of npm start: measures answers per second, their latency, and the memory of all processes except the local AWS and this one.
// tsx bench/local-api-load.ts URL PID [--requests N] [--clients N]; npm start prints PID. Linux only, because memory is read from /proc.
import { readdirSync, readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { newPatient } from '../examples/people.ts';

const { values, positionals } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: { requests: { type: 'string', default: '100000' }, clients: { type: 'string', default: '32' } },
});
const [url = 'http://127.0.0.1:3000', pid = ''] = positionals;
const [requests, clients] = [Number(values.requests), Number(values.clients)];
const STEPS = 10;

interface Process {
  readonly pid: string;
  readonly parent: string;
  readonly command: string;
  /** Resident set size, MB. */
  readonly memory: number;
}

const processes = (): readonly Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        const number = (field: string): string => new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? '0';
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: name, parent: number('PPid'), command, memory: Number(number('VmRSS')) / 1024 }];
      } catch {
        // The process has ended since the list of processes was read.
        return [];
      }
    });

/** Returns the memory of npm and all its child processes, without the local AWS and this process: `all`. `api` is the part of serverless-offline. */
const memory = (): { readonly api: number; readonly all: number } => {
  const list = processes();
  const own = new Set([pid, list.find((p) => p.pid === pid)?.parent]);
  for (let before = 0; before < own.size;) {
    before = own.size;
    for (const p of list) if (p.pid !== '1' && own.has(p.parent)) own.add(p.pid);
  }
  const counted = list.filter(
    (p) => own.has(p.pid) && !p.command.includes('ministack') && p.pid !== String(process.pid),
  );
  const sum = (of: readonly Process[]): number => Math.round(of.reduce((total, p) => total + p.memory, 0));
  return { all: sum(counted), api: sum(counted.filter((p) => p.command.includes('offline start'))) };
};

const people = await Promise.all(Array.from({ length: clients }, () => newPatient({ origin: url })));
const folders = await Promise.all(people.map((p) => p.createFolder({ name: 'Load', category: 'letters' })));

const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();

/** The requests of the test. Each client sends the next request that no client has sent. Most of them do not use AWS, because the local AWS is the slowest part. */
const work: readonly ((i: number) => Promise<unknown>)[] = [
  ...Array.from({ length: 6 }, () => () => get('/v1/health')),
  ...Array.from({ length: 12 }, () => () => get('/v1/grants?as=patient')),
  (i) => people[i]!.listFolders(),
  (i) => people[i]!.listRecords(folders[i]!.id),
];

const run = async (count: number): Promise<readonly number[]> => {
  const times: number[] = [];
  let begun = 0;
  await Promise.all(
    people.map(async (_, i) => {
      while (begun < count) {
        const start = performance.now();
        await work[begun++ % work.length]!(i);
        times.push(performance.now() - start);
      }
    }),
  );
  return times.sort((a, b) => a - b);
};

const line = (made: number, times: readonly number[], seconds: number): string => {
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(0);
  const { api, all } = memory();
  return `${String(made).padStart(7)} calls  ${(times.length / seconds).toFixed(0).padStart(5)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  API ${api} MB, all ${all} MB`;
};

console.log(line(0, [], 1));
for (let step = 1; step <= STEPS; step++) {
  const start = performance.now();
  const times = await run(requests / STEPS);
  console.log(line((requests / STEPS) * step, times, (performance.now() - start) / 1000));
}
