// `npm run build:thread`: lib/files/thread.ts as the text that a thread is told, lib/files/thread-text.ts. With --check: whether it is what is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, stderr } from 'node:process';
import { transformSync } from 'esbuild';

const folder = join(import.meta.dirname, '..', 'lib', 'files');
const TEXT = join(folder, 'thread-text.ts');

const { code } = transformSync(readFileSync(join(folder, 'thread.ts'), 'utf8'), { loader: 'ts', target: 'node20' });
const text = `${code.replace('export const', 'const')}workOnParts((name) => process.getBuiltinModule(name));`;
const file = `// Made of thread.ts by npm run build:thread.\nexport const THREAD = ${JSON.stringify(text)};\n`;

if (argv.includes('--check')) {
  if (readFileSync(TEXT, 'utf8') !== file) {
    stderr.write('lib/files/thread-text.ts is not what thread.ts says: npm run build:thread\n');
    exit(1);
  }
} else writeFileSync(TEXT, file);
