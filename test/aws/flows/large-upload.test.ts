// Tests large uploads over HTTP: blobs in several parts, from memory and from file to file.
import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileBody } from '../../../lib/files/file-source.ts';
import { intoFile } from '../../../lib/files/file-sink.ts';
import { API_URL, bytesOf, given, then, when } from './people.ts';

const MiB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('uploads a blob of 8 MiB + 1 in two parts, and downloads it without a changed bit', async () => {
  const puts: (string | null)[] = [];
  const watching: typeof fetch = (input, init) => {
    const { method, url } = new Request(input, init);
    if (method === 'PUT' && !url.startsWith(API_URL)) puts.push(new URL(url).searchParams.get('partNumber'));
    return fetch(input, init);
  };
  // A blob is 16 bytes longer than its body for every chunk of 512 KiB.
  const content = bytesOf(8 * MiB + 1 - 16 * 16);
  const { recipient, records, grant } = await given.grant([content], { fetch: watching });
  expect(records[0]!.length).toBe(8 * MiB + 1);
  expect(puts.sort()).toEqual(['1', '2']);
  const [opened] = await then.opens(recipient, grant, records);
  expect(sha256(opened!)).toBe(sha256(content));
});

test('files a file of three parts, opens it into another file, and leaves no temporary file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'large-'));
  try {
    const [scan, copy] = [join(folder, 'scan.dcm'), join(folder, 'copy.dcm')];
    const content = bytesOf(20 * MiB + 12_345);
    await writeFile(scan, content);
    const parties = await given.folder([]);
    const record = await parties.patient.file(parties.folder, fileBody(scan, { scratch: folder }), {
      fileName: 'scan.dcm',
    });
    const grant = await when.granted(parties);
    const [opened] = await parties.recipient.open(grant, [record]);
    await opened!.save(intoFile(copy));
    expect(sha256(await readFile(copy))).toBe(sha256(content));
    expect(await readdir(folder)).toEqual(['copy.dcm', 'scan.dcm']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
