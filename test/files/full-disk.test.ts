// Tests that the error of a full disk names the file that was written. The errors come from /dev/full, which refuses every write.
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeAtomically } from '../../lib/files/atomic-file.ts';
import { intoFile } from '../../lib/files/file-sink.ts';
import { fileKey, patterned, seal } from '../envelope/sample-blobs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'full-'));
});
afterAll(() => rm(folder, { recursive: true }));

const writeToFullDisk = async (): Promise<never> => {
  const full = await open('/dev/full', 'w');
  await full.writeFile('x').finally(() => full.close());
  throw new Error('the write was not refused');
};
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('writing a file', async () => {
  const path = join(folder, 'scan.dcm');
  const message = `ENOSPC: no space left on device, write '${path}'`;
  for (const target of [path, Buffer.from(path), pathToFileURL(path)])
    await expect(writeAtomically(target, undefined, writeToFullDisk)).rejects.toMatchObject({
      ...{ code: 'ENOSPC', syscall: 'write', path, message },
    });
  expect(await readdir(folder)).toEqual([]);
});

onLinux('receiving a blob', async () => {
  const blob = await seal(patterned(100_000));
  async function* ciphertext() {
    yield new Uint8Array(1);
    await writeToFullDisk();
  }
  const sink = intoFile(join(folder, 'scan.dcm'));
  const error: unknown = await sink
    .open(ciphertext(), fileKey, blob, { plainLength: 100_000, signal: undefined })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'ENOSPC', path: expect.stringContaining(join(folder, '.sealed-')) });
  expect(await readdir(folder)).toEqual([]);
});

test('other errors stay as they are', async () => {
  const missing = join(folder, 'none', 'scan.dcm');
  await expect(writeAtomically(missing, undefined, () => Promise.resolve())).rejects.toMatchObject({ code: 'ENOENT' });
  const error = new Error('of the caller');
  await expect(writeAtomically(join(folder, 'x'), undefined, () => Promise.reject(error))).rejects.toBe(error);
});
