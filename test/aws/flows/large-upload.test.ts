import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileBody, intoFile } from '../../../lib/files/body.ts';
import { bytesOf, given, then, when } from './people.ts';

const MiB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

// A blob has 16 bytes more than the body for every MiB of it.
test('a blob of 8 MiB + 1 goes up in two parts and comes down bit-exact', async () => {
  const content = bytesOf(8 * MiB + 1 - 16 * 16);
  const { recipient, records, grant } = await given.grant([content]);
  expect(records[0]!.length).toBe(8 * MiB + 1);
  const [opened] = await then.opens(recipient, grant, records);
  expect(sha256(opened!)).toBe(sha256(content));
});

test('from a file to a file, in three parts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'large-'));
  try {
    const [scan, copy] = [join(folder, 'scan.dcm'), join(folder, 'copy.dcm')];
    const content = bytesOf(20 * MiB + 12_345);
    await writeFile(scan, content);
    const story = await given.folder([]);
    const record = await story.patient.file(story.folder, fileBody(scan, { scratch: folder }), {
      fileName: 'scan.dcm',
    });
    const grant = await when.granted(story);
    const [opened] = await story.recipient.open(grant, [record]);
    await opened!.save(intoFile(copy));
    expect(sha256(await readFile(copy))).toBe(sha256(content));
    expect(await readdir(folder)).toEqual(['copy.dcm', 'scan.dcm']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
