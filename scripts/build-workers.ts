// `npm run build:workers` bundles the source of each worker thread into a string constant, because the bundle of an application would not contain a
// separate worker file. With --check it only compares the result with the committed file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, stderr } from 'node:process';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '..');
/** The modules to bundle. Each exports `runWorker`, whose argument is the global object of the thread. */
const WORKERS = ['lib/files/worker', 'lib/envelope/hash-worker-node', 'lib/envelope/hash-worker-web'];

const bundled = (source: string): string => {
  const contents = `import { runWorker } from './${source}.ts';\nvoid runWorker(globalThis);`;
  const stdin = { contents, resolveDir: root, loader: 'ts' } as const;
  const options = {
    bundle: true,
    format: 'iife',
    platform: 'neutral',
    target: 'es2023',
    minifyWhitespace: true,
  } as const;
  return buildSync({ stdin, absWorkingDir: root, write: false, ...options }).outputFiles[0]!.text;
};

for (const source of WORKERS) {
  const target = `${source}.generated.ts`;
  const file = [
    `// The source text of the worker in ${source}.ts, by \`npm run build:workers\`. Not to be edited.`,
    `export const WORKER = ${JSON.stringify(bundled(source))};`,
    '',
  ].join('\n');
  if (!argv.includes('--check')) writeFileSync(join(root, target), file);
  else if (readFileSync(join(root, target), 'utf8') !== file) {
    stderr.write(`${target} differs from its source: npm run build:workers\n`);
    exit(1);
  }
}
