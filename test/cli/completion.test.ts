// Tests the script of the command completion in bash itself.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { makeShell } from './shell.ts';

const COMPLETE = 'eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pcehr; echo "${COMPREPLY[@]}"';

test('bash completes commands, commands of commands, and options', async () => {
  const shell = await makeShell();
  try {
    const { code, out, err } = await shell.pcehr(['completion']);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse((await shell.pcehr(['completion', '--json'])).out)).toEqual({ script: out });
    const complete = async (...words: readonly string[]): Promise<string> =>
      (await promisify(execFile)('bash', ['-c', COMPLETE, 'bash', out, 'pcehr', ...words])).stdout.trim();
    expect(await complete('re')).toBe('recover register request resume revoke');
    expect(await complete('--profile', 'praxis', '--json', 'au')).toBe('audit');
    expect(await complete('contacts', 'v')).toBe('verify');
    expect(await complete('contacts', 'verify', 'Anna', '--c')).toBe('--code');
    expect(await complete('open', '--a')).toBe('--all');
    expect(await complete('--p')).toBe('--profile --passphrase-file --passphrase-fd');
    expect(await complete('get', 'letter')).toBe('');
  } finally {
    await shell.end();
  }
});
