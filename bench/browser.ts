// `npm run bench:browser [-- --json]` compares our Umbral on the WebAssembly kernel with the npm package umbral-pre (the peer). Both run in turn in one page of
// a headless Chromium. Then the page and Node measure sealing and opening of a body in memory, in turn. Options: --passes N, --turns N, --bytes N (the size of
// the body).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { findChromium, HOW_TO_INSTALL, runPage } from '../test/support/browser.ts';
import type { Measured } from './browser-entry.ts';
import { envelope, type Sealing } from './envelope-time-in-memory.ts';
import { OPERATIONS } from './implementations.ts';
import { countOf } from './arguments.ts';
import { geometricMean, median, round } from './statistics.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    passes: { type: 'string', default: '61' },
    turns: { type: 'string', default: '3' },
    bytes: { type: 'string', default: String(256 * 2 ** 20) },
  },
});
const bytes = countOf(values, 'bytes');
const turns = countOf(values, 'turns');
const SEALINGS = 3;
const TIMEOUT_MS = 300_000;

/** Loads a WebAssembly file that is imported as a module; the peer's web build expects this from a bundler. */
const wasmModules: Plugin = {
  name: 'wasm',
  setup: (builder) => {
    builder.onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const wasm = await readFile(path);
      const module = new WebAssembly.Module(wasm);
      const names = [...new Set(WebAssembly.Module.imports(module).map((i) => i.module))].map((n) => JSON.stringify(n));
      return {
        contents: [
          ...names.map((name, i) => `import * as imported${i} from ${name};`),
          `const bytes = Uint8Array.from(atob('${wasm.toString('base64')}'), (c) => c.charCodeAt(0));`,
          `const imports = { ${names.map((name, i) => `${name}: imported${i}`).join(', ')} };`,
          'const { exports } = (await WebAssembly.instantiate(bytes, imports)).instance;',
          ...WebAssembly.Module.exports(module).map(({ name }) => `export const ${name} = exports.${name};`),
        ].join('\n'),
      };
    });
  },
};

const bundle = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'browser-entry.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    plugins: [wasmModules],
  });
  return outputFiles[0]!.text;
};

const chromium = findChromium(process.env);
if (chromium === undefined) throw new Error(HOW_TO_INSTALL);
const query = {
  passes: String(Math.ceil(countOf(values, 'passes') / turns)),
  bytes: String(bytes),
  sealings: String(SEALINGS),
};
const page = {
  script: await bundle(),
  query,
  connects: [],
  allows: "'wasm-unsafe-eval'",
  workers: 'blob:',
  isIsolated: true,
} as const;

const pages: Exclude<Measured, { readonly broken: string }>[] = [];
const inNode: Sealing[] = [];
for (let turn = 0; turn < turns; turn++) {
  const { report, said: browserOutput } = await runPage(chromium, page, TIMEOUT_MS);
  const measured = report as Measured;
  if ('broken' in measured)
    throw new Error(`the page broke: ${measured.broken}\nThe browser said last:\n${browserOutput}`);
  pages.push(measured);
  inNode.push(...(await envelope(bytes, SEALINGS)));
}

const rows = OPERATIONS.map((operation) => {
  const [ours, peer] = (['ours', 'peer'] as const).map((name) => median(pages.map((p) => p.times[operation][name])));
  return { operation, ours: ours!, peer: peer!, ratio: ours! / peer! };
});
const geomean = geometricMean(rows.map(({ ratio }) => ratio));
const worst = Math.max(...rows.map(({ ratio }) => ratio));

/** Returns the rates of sealing and opening in GB/s. */
const rates = (sealings: readonly Sealing[]) => {
  const rate = (of: (s: Sealing) => number): number => bytes / 1e9 / median(sealings.map(of));
  return { seal: rate((s) => s.seal), open: rate((s) => s.open) };
};
const [there, here] = [rates(pages.flatMap((p) => p.sealings)), rates(inNode)];
const lanes = { browser: there, node: here, ratio: { seal: there.seal / here.seal, open: there.open / here.open } };
const browser = /Chrome\/[\d.]+/.exec(pages[0]!.browser)?.[0] ?? pages[0]!.browser;

if (values.json) {
  const figures = rows.map(({ operation, ours, peer, ratio }) => [
    operation,
    { ours: round(ours, 1), peer: round(peer, 1), ratio: round(ratio, 3) },
  ]);
  const rounded = Object.entries(lanes).map(([name, { seal, open }]) => [name, { seal: round(seal, 2), open: round(open, 2) }]); // prettier-ignore
  console.log(JSON.stringify({ browser, ...Object.fromEntries(figures), geomean: round(geomean, 3), worst: round(worst, 3), envelope: { bytes, ...Object.fromEntries(rounded) } })); // prettier-ignore
} else {
  console.log('| operation | ours us | peer us | ours/peer |\n|---|---|---|---|');
  for (const { operation, ours, peer, ratio } of rows)
    console.log(`| ${operation} | ${ours.toFixed(0)} | ${peer.toFixed(0)} | ${ratio.toFixed(3)} |`);
  console.log(`\n${browser}: geometric mean ${geomean.toFixed(3)}, worst ${worst.toFixed(3)}\n`);
  console.log('| envelope | seal GB/s | open GB/s |\n|---|---|---|');
  for (const [name, { seal, open }] of Object.entries(lanes))
    console.log(`| ${name === 'ratio' ? 'browser/node' : name} | ${seal.toFixed(2)} | ${open.toFixed(2)} |`);
}
