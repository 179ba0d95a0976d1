// Tests body sizes around every border of the format, and every file of SAMPLE_DATA: each body is filed and opened without a changed bit.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { DEFAULT_CHUNK } from '../../../lib/envelope/header.ts';
import type { FolderId } from '../../../lib/bytes/ids.ts';
import type { GrantWithCells, Patient, Recipient } from '../../../lib/client/index.ts';
import { bytesOf, given, then, when } from './people.ts';

const MiB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let patient: Patient;
let recipient: Recipient;
let folder: FolderId;
let grant: GrantWithCells;
beforeAll(async () => {
  ({ patient, recipient, folder } = await given.folder([]));
  grant = await when.granted({ patient, recipient, folder });
});

const fileAndOpen = async (content: Uint8Array, fileName = 'body'): Promise<number> => {
  const record = await patient.file(folder, content, { fileName });
  const [opened] = await then.opens(recipient, grant, [record]);
  expect(opened!.length).toBe(content.length);
  expect(sha256(opened!)).toBe(sha256(content));
  return record.length;
};

/** Returns the length of the body whose blob has `length` bytes: 16 bytes less for every chunk. */
const bodyOfBlob = (length: number): number => length - 16 * Math.ceil(length / (2 ** DEFAULT_CHUNK + 16));

test.each([0, 1, 65_535, 65_536, 65_537, MiB - 1, MiB, MiB + 1])(
  'files and opens a body of %i bytes',
  async (length) => {
    await fileAndOpen(bytesOf(length));
  },
);

test.each([8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 16 * MiB - 1, 16 * MiB, 16 * MiB + 1])(
  'files and opens a body whose blob has %i bytes',
  async (length) => {
    expect(await fileAndOpen(bytesOf(bodyOfBlob(length)))).toBe(length);
  },
);

test('files and opens a stream of unknown length', async () => {
  const piece = bytesOf(777);
  const pieces = 1500;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < pieces; i++) yield await Promise.resolve(piece);
  }
  const record = await patient.file(folder, source(), {});
  const [opened] = await then.opens(recipient, grant, [record]);
  const whole = createHash('sha256');
  for (let i = 0; i < pieces; i++) whole.update(piece);
  expect(sha256(opened!)).toBe(whole.digest('hex'));
});

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const { SAMPLE_DATA } = process.env;
/** The folder that SAMPLE_DATA names, if the variable is set. Otherwise the folder next to the project, if it exists. Otherwise the samples of the demo. */
const SAMPLES =
  SAMPLE_DATA ?? [join(PROJECT, '..', 'shared', 'data'), join(PROJECT, 'demo', 'samples')].find((d) => existsSync(d))!;

describe('sample files', () => {
  test('files and opens each without a changed bit', async () => {
    const entries = await readdir(SAMPLES, { recursive: true, withFileTypes: true });
    const files = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
    expect(files.length).toBeGreaterThan(SAMPLE_DATA === undefined ? 3 : 0);
    for (const file of files) await fileAndOpen(await readFile(file), file.slice(-100));
  });
});
