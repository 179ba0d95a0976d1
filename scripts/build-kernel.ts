// `npm run build:kernel` compiles kernel/ to lib/umbral/curve/kernel.generated.ts. Equal sources and an equal compiler give equal bytes; with --check
// it only compares them with the committed file. With --sources it writes the generated sources to kernel/generated, so that people can read them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, generated } from './kernel/compile.ts';

const root = join(import.meta.dirname, '..');
const target = join(root, 'lib/umbral/curve/kernel.generated.ts');
const LIMIT = 32 * 1024;

const moduleOf = (wasm: Uint8Array): string =>
  [
    '// The compiled kernel, by `npm run build:kernel` from kernel/. Not to be edited.',
    `export const KERNEL =\n  '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ].join('\n');

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, sources: { type: 'boolean' } } });
  if (values.sources === true) {
    mkdirSync(join(root, 'kernel/generated'), { recursive: true });
    for (const [name, make] of Object.entries(generated)) writeFileSync(join(root, name), make());
    return;
  }
  const wasm = await compile();
  if (wasm.length >= LIMIT) throw new Error(`the kernel is ${wasm.length} bytes, over the limit of ${LIMIT}`);
  const text = moduleOf(wasm);
  if (values.check !== true) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text)
    throw new Error('lib/umbral/curve/kernel.generated.ts is not what kernel/ compiles to: npm run build:kernel');
  console.log(`kernel: ${wasm.length} bytes`);
};

await main();
