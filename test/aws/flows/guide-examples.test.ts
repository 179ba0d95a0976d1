// Tests the examples of the guide to the SDK: they run as one program, and each prints the output that the page shows.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { guideExamples } from '../../docs/guide.ts';
import { ROOT } from '../../docs/page-faults.ts';
import { API_URL } from './people.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const END = '--- end of an example';

test('each example of the guide prints the output that its page shows', async () => {
  const examples = guideExamples();
  const program = examples.map(({ code }) => `${code}console.log('${END}');\n`).join('');
  // The program is in the root, where the package name resolves. The examples write their files to another folder.
  const file = join(ROOT, `.guide-${process.pid}.ts`);
  const folder = await mkdtemp(join(tmpdir(), 'guide-'));
  try {
    await writeFile(file, program);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', TSX, file], {
      cwd: folder,
      env: { ...process.env, ORIGIN: API_URL, NODE_OPTIONS: '' },
    });
    const printed = stdout.split(`${END}\n`);
    expect(examples.map(({ name }, i) => [name, printed[i]])).toEqual(examples.map((e) => [e.name, e.prints]));
  } finally {
    await Promise.all([rm(file, { force: true }), rm(folder, { recursive: true, force: true })]);
  }
});
