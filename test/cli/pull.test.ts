// Tests open --all over a storage that returns changed bytes of one record: the others are saved, and the next run saves what is missing.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeShell } from './shell.ts';

const SETUP = `$ echo "correct horse battery staple" > pass.txt
$ chmod 600 pass.txt
$ export PCEHR_PASSPHRASE_FILE=pass.txt
$ pcehr init --origin https://service.test --words-to words.txt
$ pcehr config storage-origins https://blobs.test
$ pcehr register
$ pcehr folders add Letters --category letters
$ echo "one" | pcehr put - --folder Letters --name one.txt
$ echo "two" | pcehr put - --folder Letters --name two.txt
$ pcehr --profile may init --origin https://service.test --words-to may.txt
$ pcehr --profile may config storage-origins https://blobs.test
$ pcehr --profile may register
$ pcehr share ehr10w5e25vk8hrecjrsw6dvhn34rhaltxgk3dftre0d75d09ywljljssgcwdq --folder Letters --for 7d --yes --unverified
`;

const PULL = ['--profile', 'may', 'open', '--all', '--dir', 'in'];

test.each([[[]], [['--json']]])('a record with changed bytes does not keep the others back (%s)', async (more) => {
  const shell = await makeShell();
  try {
    await shell.replay(SETUP);
    let downloads = 0;
    const fetch = async (...[input, init]: Parameters<typeof globalThis.fetch>): Promise<Response> => {
      const response = await shell.service.fetch(input, init);
      const isDownload = new Request(input).url.startsWith('https://blobs.test') && (init?.method ?? 'GET') === 'GET';
      if (!isDownload || ++downloads > 1) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length - 1]! ^= 1;
      return new Response(bytes, response);
    };
    const failed = await shell.pcehr([...PULL, ...more], { io: { fetch } });
    expect(failed.code).toBe(4);
    expect(failed.err).toContain('1 failure; all other records are saved');
    expect(failed.err).toMatch(
      more.length === 0 ? /^pcehr: [a-z2-7]{8}: an answer / : /^{"error":{.*"id":"[a-z2-7]{26}","exit":4}}/,
    );
    expect(failed.out.split('\n')).toHaveLength(2);
    const again = await shell.pcehr(PULL);
    expect([again.code, again.err]).toEqual([0, '']);
    const [patient] = await readdir(shell.path('in'));
    expect((await readdir(join(shell.path('in'), patient!))).sort()).toEqual(['one.txt', 'two.txt']);
    // A service that does not answer ends the run, with the exit code of that error.
    const down = await shell.pcehr(PULL, { io: { fetch: () => Promise.reject(new TypeError('fetch failed')) } });
    expect(down.code).toBe(5);
  } finally {
    await shell.end();
  }
});
