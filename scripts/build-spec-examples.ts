// `npm run build:examples` writes the examples of docs/spec and test/statements/examples.json from the code. With --check it only compares and writes nothing.
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { buildExamples, exampleBlocks, EXAMPLE_PAGES, withExamples } from '../test/statements/examples.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

const examples = await buildExamples();
const blocks = exampleBlocks(examples);
const page = async (path: string): Promise<string> => withExamples(await read(path), blocks);
const files = {
  'test/statements/examples.json': await format(JSON.stringify(examples), { parser: 'json', printWidth: 120 }),
  ...Object.fromEntries(await Promise.all(EXAMPLE_PAGES.map(async (path) => [path, await page(path)] as const))),
};

for (const [path, text] of Object.entries(files)) {
  if ((await read(path).catch(() => '')) === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is not what the code makes; run: npx tsx scripts/build-spec-examples.ts`);
    process.exitCode = 1;
  } else await writeFile(new URL(path, root), text);
}
