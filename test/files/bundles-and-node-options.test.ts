// Tests lib/files in bundles of several formats, and in processes with preloaded modules and other options.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { buildSync, type BuildOptions } from 'esbuild';
import { PART_BYTES } from '../../lib/envelope/header.ts';
import { patterned } from '../envelope/sample-blobs.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
writeFileSync(at('body'), patterned(2 * PART_BYTES));

const bundled = (name: string, contents: string, options: BuildOptions = {}): string => {
  const outfile = at(`${name}.mjs`);
  const stdin = { contents, resolveDir: root, loader: 'ts' } as const;
  buildSync({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error', ...options });
  return outfile;
};
const PROGRAM = `
import { sealFile } from './lib/files/seal-file.ts';
import { openFile } from './lib/files/open-file.ts';
import { heading, fileKey } from './test/envelope/sample-blobs.ts';
const [, , from, to] = process.argv;
try {
  const { plainLength, ...blob } = await sealFile(from, to, fileKey, heading, { threads: 2 });
  await openFile(to, to + '.opened', fileKey, blob, { plainLength, threads: 2 });
  console.log('done');
} catch (e) { console.log('failed', e.code, e.message); }
process.exit(0);
`;
/** Runs a file in a Node process, and returns the output of the process. */
const run = (file: string, env: Readonly<Record<string, string>> = {}, options: readonly string[] = []): string => {
  const settings = { encoding: 'utf8', env, timeout: 30_000 } as const;
  return spawnSync(process.execPath, [...options, file, at('body'), at('blob')], settings).stdout.trim();
};

test.each<[string, BuildOptions]>([
  ['plain', {}],
  ['minified', { minify: true }],
  ['with names kept', { keepNames: true }],
  ['minified with names kept', { minify: true, keepNames: true }],
])('seals and opens from a bundle: %s', (name, options) => {
  expect(run(bundled(name.replaceAll(' ', '-'), PROGRAM, options))).toBe('done');
});

test('a preloaded module does not keep a thread alive', () => {
  const preload = at('preload.cjs');
  writeFileSync(preload, `if (!require('worker_threads').isMainThread) for (;;);`);
  const file = bundled('preloaded', PROGRAM);
  expect(run(file, { NODE_OPTIONS: `--require ${preload}` })).toBe('done');
  expect(run(file, {}, ['--require', preload])).toBe('done');
});

test('threads do not keep the process alive after their file is done', () => {
  const file = bundled(
    'ends',
    `
import { sealFile } from './lib/files/seal-file.ts';
import { heading, fileKey } from './test/envelope/sample-blobs.ts';
const [, , from, to] = process.argv;
await sealFile(from, to, fileKey, heading, { threads: 2 });
await sealFile(from, to, fileKey, heading, { threads: 2 });
console.log('done');
setTimeout(() => console.log('held up'), 5_000).unref();
`,
  );
  expect(run(file)).toBe('done');
});

test('an error of the operating system is reported with any setting for unhandled rejections', () => {
  const file = bundled(
    'read-only',
    `
import { openSync } from 'node:fs';
import { createSecretKey } from 'node:crypto';
import { withWorkers } from './lib/files/run-workers.ts';
const fd = openSync(process.argv[2], 'r');
const key = createSecretKey(new Uint8Array(32));
const work = { job: 'seal', from: fd, to: fd, key, plain: ${2 * PART_BYTES}, chunk: 65536, blob: ${2 * PART_BYTES + 4096} };
await withWorkers(work.blob, { threads: 2 }, (start) => start(work)).catch((e) => console.log(e.code ?? e.message));
`,
  );
  expect(run(file)).toBe('EBADF');
  expect(run(file, { NODE_OPTIONS: '--unhandled-rejections=none' })).toBe('EBADF');
});

test.each(['MessageChannel', 'process.getBuiltinModule'])('the envelope is imported without %s', (name) => {
  const file = bundled('engine', `import { engine } from './lib/envelope/choose-engine.ts'; console.log(engine.name);`);
  const preload = at('without.cjs');
  writeFileSync(preload, name === 'MessageChannel' ? 'delete globalThis.MessageChannel' : `delete ${name}`);
  const expected = name === 'MessageChannel' ? 'node' : 'webcrypto';
  expect(run(file, { NODE_OPTIONS: `--require ${preload}` })).toBe(expected);
});
