// Compiles kernel/ and its generated sources in memory with the AssemblyScript compiler.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constantsSource } from './constants.ts';
import { fieldSource } from './field.ts';

const root = join(import.meta.dirname, '..', '..');
const OPTIONS = [
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

export const generated: Readonly<Record<string, () => string>> = {
  'kernel/generated/field.ts': fieldSource,
  'kernel/generated/constants.ts': constantsSource,
};

interface Compiler {
  main(
    args: readonly string[],
    api: {
      readFile: (name: string) => string | null;
      writeFile: (name: string, contents: string | Uint8Array) => void;
      listFiles: () => string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

/** The name is computed, so that tsc does not load the compiler's types, which declare AssemblyScript's globals for the whole project. */
const COMPILER = ['assemblyscript', 'asc'].join('/');
const loadCompiler = async (): Promise<Compiler> => ((await import(COMPILER)) as { default: Compiler }).default;

const read = (name: string): string | null => {
  const make = generated[name];
  if (make !== undefined) return make();
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch {
    return null; // the compiler tries several paths for a module
  }
};

/** Compiles the kernel. @param options.inspect whether to export the internal functions too. @param options.debug whether to assert the bounds of limbs */
export const compile = async ({ inspect = false, debug = false } = {}): Promise<Uint8Array<ArrayBuffer>> => {
  let wasm: Uint8Array | undefined;
  const asc = await loadCompiler();
  const { error, stderr } = await asc.main(
    [
      inspect ? 'kernel/inspect.ts' : 'kernel/index.ts',
      ...OPTIONS,
      ...(debug ? [] : ['--noAssert']),
      ...['--outFile', 'kernel.wasm'],
    ],
    {
      readFile: read,
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') wasm = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || wasm === undefined) throw new Error(`the kernel does not compile: ${stderr.toString()}`);
  return new Uint8Array(wasm);
};
