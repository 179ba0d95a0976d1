// Writes docs/openapi.json and docs/spec/errors.md out of the contract in lib/api. With --check it writes nothing and fails where they differ.
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { openapiDocument } from './contract/document.ts';
import { errorsPage } from './contract/errors-page.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8').catch(() => '');

const { version } = JSON.parse(await read('package.json')) as { version: string };
const files = {
  'docs/openapi.json': `${JSON.stringify(openapiDocument(version), undefined, 2)}\n`,
  'docs/spec/errors.md': await format(errorsPage(), { parser: 'markdown' }),
};

for (const [path, text] of Object.entries(files)) {
  if ((await read(path)) === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is not what the contract says; run: npm run build:openapi`);
    process.exitCode = 1;
  } else await writeFile(new URL(path, root), text);
}
