import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { bytesOf, given, then } from './people.ts';

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
