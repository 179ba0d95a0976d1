// Tests that the memory of a sealed part is reused after its release, and not before.
import { expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { sealBlob, type SealedPart } from '../../lib/envelope/seal-blob.ts';
import { fileKey, heading, inPieces, patterned } from './sample-blobs.ts';

const MiB = 1024 * 1024;
const body = patterned(41 * MiB);
const parts = async () => (await sealBlob(inPieces(body, 3 * MiB), fileKey, heading)).parts;
const memory = ({ bytes }: SealedPart) => bytes.buffer;

test('parts that are not released stay unchanged', async () => {
  const all: SealedPart[] = [];
  for await (const part of await parts()) all.push(part);
  expect(all).toHaveLength(6);
  for (const part of all) expect(sha256(part.bytes)).toEqual(part.sha256);
  expect(new Set(all.map(memory)).size).toBe(6);
});

test('the memory of a released part is reused by exactly one later part', async () => {
  const taken = await parts();
  const next = async (): Promise<SealedPart> => (await taken.next()).value as SealedPart;
  const first = await next();
  first.release();
  first.release();
  const others = [await next(), await next(), await next(), await next()];
  for (const part of others) expect(sha256(part.bytes)).toEqual(part.sha256);
  expect(new Set(others.map(memory)).size).toBe(4);
  expect(others.map(memory)).toContain(memory(first));
});
