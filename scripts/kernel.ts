// Compiles kernel/ to lib/umbral/kernel.ts. The same sources and compiler give the same bytes; --check compares them with what is committed.
import asc from 'assemblyscript/asc';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constantsSource } from './kernel/constants.ts';
import { fieldSource } from './kernel/field.ts';

const root = join(import.meta.dirname, '..');
const target = join(root, 'lib/umbral/kernel.ts');
const LIMIT = 32 * 1024;

const generated: Readonly<Record<string, () => string>> = {
  'kernel/generated/field.ts': fieldSource,
  'kernel/generated/constants.ts': constantsSource,
};

const read = (name: string): string | null => {
  const make = generated[name];
  if (make !== undefined) return make();
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch {
    return null; // the compiler looks a module up in several places
  }
};

/** @param debug with assertions of limb bounds */
export const compile = async (debug = false): Promise<Uint8Array> => {
  let wasm: Uint8Array | undefined;
  const options = [
    '-O3',
    '--converge',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--use',
    'abort=',
    '--initialMemory',
    '5',
  ];
  const mode = debug ? [] : ['--noAssert'];
  const { error, stderr } = await asc.main(['kernel/index.ts', ...options, ...mode, '--outFile', 'kernel.wasm'], {
    readFile: read,
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm') wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined)
    throw new Error(`the kernel does not compile: ${(stderr as { toString: () => string }).toString()}`);
  return wasm;
};

const moduleOf = (wasm: Uint8Array): string =>
  [
    '// The compiled kernel, by `npm run build:kernel` from kernel/. Not to be edited.',
    `export const KERNEL =\n  '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ].join('\n');

const main = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--sources')) {
    mkdirSync(join(root, 'kernel/generated'), { recursive: true });
    for (const [name, make] of Object.entries(generated)) writeFileSync(join(root, name), make());
    return;
  }
  const wasm = await compile();
  if (wasm.length >= LIMIT) throw new Error(`the kernel is ${wasm.length} bytes, over the limit of ${LIMIT}`);
  const text = moduleOf(wasm);
  if (!args.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text)
    throw new Error('lib/umbral/kernel.ts is not what kernel/ compiles to: npm run build:kernel');
  console.log(`kernel: ${wasm.length} bytes`);
};

await main(process.argv.slice(2));
