// `npm run bench:companion [-- --json]` measures what companion keys add to openings, in Node and in a headless Chromium. Option: --passes N.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { findChromium, HOW_TO_INSTALL, runPage } from '../test/support/browser.ts';
import { countOf } from './arguments.ts';
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

const here = companionTimes(passes);
const there = await inBrowser();
const browser = /Chrome\/[\d.]+/.exec(there.browser)?.[0] ?? there.browser;
const names = Object.keys(here) as (keyof CompanionTimes)[];
if (values.json) {
  const rounded = (times: CompanionTimes) => Object.fromEntries(names.map((name) => [name, round(times[name], 2)]));
  console.log(JSON.stringify({ node: rounded(here), browser, [browser]: rounded(there.times) }));
} else {
  console.log(`| ms | node ${process.version} | ${browser} |\n|---|---|---|`);
  for (const name of names) console.log(`| ${name} | ${here[name].toFixed(2)} | ${there.times[name].toFixed(2)} |`);
}
