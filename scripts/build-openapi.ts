// `npm run build:openapi` writes docs/openapi.json and pages of docs/spec from the contract in lib/api. With --check it only compares and writes nothing.
import { readFile, writeFile } from 'node:fs/promises';
import { contractFiles } from './contract/files.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8').catch(() => '');

const { version } = JSON.parse(await read('package.json')) as { version: string };
for (const [path, text] of Object.entries(await contractFiles(version))) {
  if ((await read(path)) === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is not what the contract says; run: npm run build:openapi`);
    process.exitCode = 1;
  } else await writeFile(new URL(path, root), text);
}
