// `npm run bench:companion [-- --json]` measures what companion keys add to openings, in Node (processor time) and in a headless Chromium (time). Option:
// --passes N.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { findChromium, HOW_TO_INSTALL, runPage } from '../test/support/browser.ts';
import { countOf } from './arguments.ts';
import { clientTimes, processorTime } from './companion-client.ts';
import { companionTimes, type CompanionTimes } from './companion-times.ts';
import { round } from './statistics.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, passes: { type: 'string', default: '31' } },
});
const passes = countOf(values, 'passes');
const TIMEOUT_MS = 300_000;

const inBrowser = async (): Promise<{ readonly browser: string; readonly times: CompanionTimes }> => {
  const chromium = findChromium(process.env);
  if (chromium === undefined) throw new Error(HOW_TO_INSTALL);
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'companion-entry.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
  });
  const page = {
    script: outputFiles[0]!.text,
    query: { passes: String(passes) },
    connects: [],
    allows: "'wasm-unsafe-eval'",
    workers: 'blob:',
    isIsolated: true,
  } as const;
  return (await runPage(chromium, page, TIMEOUT_MS)).report as Awaited<ReturnType<typeof inBrowser>>;
};

const here = companionTimes(passes, processorTime);
const client = await clientTimes(passes);
const there = await inBrowser();
const browser = /Chrome\/[\d.]+/.exec(there.browser)?.[0] ?? there.browser;
const rounded = (times: object) =>
  Object.fromEntries(
    Object.entries<number>(times as Record<string, number>).map(([name, time]) => [name, round(time, 2)]),
  );
const ratioOf = ({ xWing, xWingPeer }: CompanionTimes): string => (xWing / xWingPeer).toFixed(3);

if (values.json) {
  const xWingToPeer = { node: ratioOf(here), [browser]: ratioOf(there.times) };
  const report = {
    node: rounded(here),
    client: rounded(client),
    browser,
    [browser]: rounded(there.times),
    xWingToPeer,
  };
  console.log(JSON.stringify(report));
} else {
  console.log(`| ms | node ${process.version} | ${browser} |\n|---|---|---|`);
  for (const name of Object.keys(here) as (keyof CompanionTimes)[])
    console.log(`| ${name} | ${here[name].toFixed(2)} | ${there.times[name].toFixed(2)} |`);
  console.log(`| xWing / xWingPeer | ${ratioOf(here)} | ${ratioOf(there.times)} |`);
  for (const [name, time] of Object.entries(client) as [string, number][])
    console.log(`| the whole client: ${name} | ${time.toFixed(2)} | |`);
}
