// Tests sealing and opening of bodies of all relevant sizes, and the refusal of altered blobs.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concat, equalBytes } from '../../lib/bytes/binary.ts';
import { identityId, newId } from '../../lib/bytes/ids.ts';
import {
  blobLength,
  encodeHeader,
  HEADER_BYTES,
  paddedLength,
  partCount,
  PART_BYTES,
} from '../../lib/envelope/header.ts';
import { openBlob } from '../../lib/envelope/open-blob.ts';
import { sealBlob } from '../../lib/envelope/seal-blob.ts';
import { runs } from '../support/property-runs.ts';
import {
  codeOf,
  fileKey,
  heading,
  inPieces,
  openAll,
  patterned,
  seal,
  withHeader,
  type Sealed,
} from './sample-blobs.ts';
import { peerDigest, peerKey, peerSealChunks } from './peer.ts';

const K64 = 65_536;
const MiB = 1_048_576;
const SMALL = { chunk: 16 };
const CHUNK = K64 + 16;

describe('round trips', () => {
  test.each([0, 1, 511, 512, 513, K64 - 1, K64, K64 + 1, MiB - 1, MiB, MiB + 1, 2 * MiB])(
    '%i bytes',
    async (length) => {
      const body = patterned(length);
      for (const chunk of [16, 20]) {
        const s = await seal(body, { chunk });
        expect(s.plainLength).toBe(length);
        expect(s.length).toBe(s.blob.length);
        expect(s.length).toBe(blobLength(length < K64 ? paddedLength(length) : length, chunk));
        expect(equalBytes(await openAll(s), body)).toBe(true);
      }
    },
  );

  test.each([PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES - 1, 2 * PART_BYTES, 2 * PART_BYTES + 1])(
    'a blob of %i bytes',
    async (length) => {
      const body = patterned(length - 16 * Math.ceil(length / (MiB + 16)));
      const s = await seal(body, { chunk: 20 });
      expect(s.blob.length).toBe(length);
      expect(equalBytes(await openAll(s), body)).toBe(true);
    },
  );

  test('bodies in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200_000 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 }),
        async (length, sizes) => {
          const body = patterned(length);
          const s = await seal(body, SMALL, sizes);
          expect(equalBytes(await openAll(s), body)).toBe(true);
        },
      ),
      { numRuns: runs(20) },
    );
  });

  test('an empty body that is not padded is one empty chunk', async () => {
    // Our code pads an empty body, but another implementation may not. The opener follows the flags in the header.
    const header = { ...(await seal(new Uint8Array(0))).header, flags: 0 };
    const raw = encodeHeader(header);
    const blob = peerSealChunks(fileKey, raw, [new Uint8Array(0)]);
    expect(blob).toHaveLength(16);
    const commit = peerKey(fileKey, raw, 'commit');
    expect(await openAll({ header, commit, blob, digest: peerDigest(blob), length: 16, plainLength: 0 })).toHaveLength(
      0,
    );
  });
});

describe('refused', () => {
  const three = () => seal(patterned(2 * K64 + 100), SMALL);
  const parts = (s: Sealed): Uint8Array[] => [0, 1, 2].map((i) => s.blob.subarray(i * CHUNK, (i + 1) * CHUNK));

  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 115])(
    'truncated to %i bytes',
    async (length) => {
      const s = await three();
      expect(await codeOf(openAll(s, s.blob.subarray(0, length)))).toBe('truncated');
    },
  );

  test('appended, reordered, duplicated and swapped chunks', async () => {
    const s = await three();
    const [a, b, c] = parts(s) as [Uint8Array, Uint8Array, Uint8Array];
    expect(await codeOf(openAll(s, concat(a, b, c, new Uint8Array(1))))).toBe('trailing-data');
    expect(await codeOf(openAll(s, concat(b, a, c)))).toBe('chunk-invalid');
    expect(await codeOf(openAll(s, concat(a, a, c)))).toBe('chunk-invalid');
    // A missing last chunk is found even if the signed lengths match, because the nonce contains the flag for the last chunk.
    expect(await codeOf(openAll(s, concat(a, b), { length: 2 * CHUNK, plainLength: 2 * K64 }))).toBe('chunk-invalid');
    const other = await seal(patterned(2 * K64 + 100), SMALL);
    expect(await codeOf(openAll(s, concat(a, parts(other)[1]!, c)))).toBe('chunk-invalid');
  });

  test('every altered byte, and no altered plaintext is released', async () => {
    const s = await seal(patterned(1000));
    for (let i = 0; i < s.blob.length; i += 41) {
      const altered = s.blob.slice();
      altered[i]! ^= 1;
      const reader = (await openBlob(inPieces(altered, 333), fileKey, s, { plainLength: 1000 })).getReader();
      await expect(reader.read()).rejects.toMatchObject({ code: 'chunk-invalid' });
    }
  });

  test('another key, commitment or header', async () => {
    const s = await three();
    expect(await codeOf(openAll(s, s.blob, { key: new Uint8Array(32) }))).toBe('commit-mismatch');
    expect(await codeOf(openAll(s, s.blob, { commit: new Uint8Array(32) }))).toBe('commit-mismatch');
    const changes = [
      { record: newId() },
      { version: 2 },
      { patient: identityId(new Uint8Array(32).fill(9)) },
      { folder: newId() },
      { author: identityId(new Uint8Array(32).fill(9)) },
      { created: 5 },
      { salt: new Uint8Array(16) },
      { chunk: 17 },
      { flags: 1 },
    ] as const;
    for (const change of changes)
      expect(await codeOf(openAll(s, s.blob, withHeader(s, change as never)))).toBe('commit-mismatch');
    for (const change of [
      { algorithm: 2 },
      { chunk: 15 },
      { chunk: 21 },
      { flags: 2 },
      { version: 0 },
      { version: 1.5 },
      { version: NaN },
    ])
      expect(await codeOf(openAll(s, s.blob, withHeader(s, change)))).toBe('header-invalid');
  });

  test('another digest, and the last chunk is not released', async () => {
    const s = await three();
    const stream = await openBlob(
      inPieces(s.blob, 5000),
      fileKey,
      { ...s, digest: new Uint8Array(32) },
      { plainLength: s.plainLength },
    );
    let seen = 0;
    const drain = async (): Promise<void> => {
      const reader = stream.getReader();
      for (let r = await reader.read(); !r.done; r = await reader.read()) seen += r.value.length;
    };
    await expect(drain()).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(seen).toBeLessThan(s.plainLength);
  });

  test('wrong lengths, and padding that is not zero', async () => {
    const s = await three();
    expect(await codeOf(openAll(s, s.blob, { plainLength: s.plainLength - 1 }))).toBe('length-mismatch');
    const small = await seal(patterned(600));
    expect(await codeOf(openAll(small, small.blob, { plainLength: 599 }))).toBe('length-mismatch');
    expect(await openAll(small, small.blob, { plainLength: 600 })).toHaveLength(600);
  });
});

test('reads no more chunks ahead than are in flight', async () => {
  const s = await seal(patterned(20 * K64), SMALL);
  let pulled = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(s.blob, CHUNK)) {
      pulled += piece.length;
      yield piece;
    }
  }
  const reader = (await openBlob(counted(), fileKey, s, { plainLength: s.plainLength, inFlight: 2 })).getReader();
  await reader.read();
  expect(pulled).toBeLessThanOrEqual(5 * CHUNK);
  await reader.cancel();
  expect(pulled).toBeLessThanOrEqual(5 * CHUNK);
});

test('errors of the source are passed on, and facts are known only at the end', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(patterned(100_000));
    throw new Error('disk');
  }
  const sealed = await sealBlob(broken(), fileKey, heading);
  expect(() => sealed.facts()).toThrow('not taken');
  await expect(sealed.parts.next()).rejects.toThrow('disk');
  // Streams are accepted as well as iterables.
  const stream = await sealBlob(new Blob([patterned(10) as BlobPart]).stream(), fileKey, heading);
  expect((await stream.parts.next()).value).toMatchObject({ number: 1 });
});

test('the header is 136 bytes, and parts and padding have the specified sizes', () => {
  expect(encodeHeader({ ...heading, algorithm: 1, chunk: 20, flags: 0, salt: new Uint8Array(16) })).toHaveLength(
    HEADER_BYTES,
  );
  expect([0, 1, PART_BYTES, PART_BYTES + 1].map(partCount)).toEqual([1, 1, 1, 2]);
  expect([0, 1, 512, 513, 65_535].map(paddedLength)).toEqual([512, 512, 512, 1024, 65_536]);
});
