// The program in docs/client.md runs as it stands there.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { API_URL } from './people.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');

test('the program in docs/client.md does what the page says', async () => {
  const page = await readFile(join(PROJECT, 'docs', 'client.md'), 'utf8');
  const [, program] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const file = join(PROJECT, `.docs-example-${process.pid}.ts`);
  await writeFile(file, program!);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], {
      cwd: PROJECT,
      env: { ...process.env, ORIGIN: API_URL, NODE_OPTIONS: '' },
    });
    expect(stdout.trim().split('\n')).toEqual([
      'blood-count.txt Hb 14.2 g/dl',
      '1 registered',
      '2 folder-created',
      '3 record-filed',
      '4 access-requested',
      '5 access-granted',
      '6 records-opened',
      '7 grant-revoked',
    ]);
  } finally {
    await rm(file, { force: true });
  }
}, 240_000);
