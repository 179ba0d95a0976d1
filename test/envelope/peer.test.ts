// Tests the envelope against a second implementation of docs/spec: each implementation opens what the other one sealed, and gets the same bytes.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { equalBytes } from '../../lib/bytes/binary.ts';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { idBytes, identityKey } from '../../lib/bytes/ids.ts';
import { encodeHeader, type HeaderFields } from '../../lib/envelope/header.ts';
import { openMetadata, sealMetadata, type RecordMetadata } from '../../lib/envelope/metadata.ts';
import { runs } from '../support/property-runs.ts';
import { fileKey, openAll, patterned, seal } from './sample-blobs.ts';
import {
  gcmOpen,
  peerDigest,
  peerHeader,
  peerKey,
  peerMetadata,
  peerOpen,
  peerPadded,
  peerSeal,
  type PeerHeader,
} from './peer.ts';

const K64 = 65_536;
const MiB = 1_048_576;

const members = (h: HeaderFields): PeerHeader => ({
  ...h,
  record: idBytes(h.record),
  patient: identityKey(h.patient),
  folder: idBytes(h.folder),
  author: identityKey(h.author),
});

test.each([
  [0, 16],
  [1, 20],
  [511, 16],
  [512, 16],
  [513, 20],
  [K64 - 1, 16],
  [K64, 16],
  [K64 + 1, 17],
  [3 * K64, 16],
  [MiB + 1, 20],
  [8 * MiB + 5, 20],
])('%i bytes in chunks of 2^%i', async (length, chunk) => {
  const body = patterned(length);
  const s = await seal(body, { chunk });
  const h = members(s.header);
  expect(encodeHeader(s.header)).toEqual(peerHeader(h));
  expect(s.commit).toEqual(peerKey(fileKey, peerHeader(h), 'commit'));
  expect(s.digest).toEqual(peerDigest(s.blob));
  // With one key and one header, sealing always gives the same blob. So this checks that the blobs are equal, which shows more than that they open.
  expect(equalBytes(peerSeal(fileKey, h, body), s.blob)).toBe(true);
  expect(equalBytes(peerOpen(fileKey, h, s.blob), h.flags === 1 ? peerPadded(body) : body)).toBe(true);
  expect(equalBytes(await openAll(s, peerSeal(fileKey, h, body)), body)).toBe(true);
});

test('any header, any body', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        body: fc.uint8Array({ maxLength: 3000 }),
        version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        created: fc.maxSafeNat(),
        chunk: fc.integer({ min: 16, max: 20 }),
      }),
      async ({ body, chunk, ...changes }) => {
        const s = await seal(body, { chunk }, [777], changes);
        expect(s.header).toMatchObject({ ...changes, chunk });
        expect(equalBytes(peerSeal(fileKey, members(s.header), body), s.blob)).toBe(true);
        expect(equalBytes(await openAll(s), body)).toBe(true);
      },
    ),
    { numRuns: runs(20) },
  );
});

test('metadata with any texts', async () => {
  const { header } = await seal(new Uint8Array(0));
  const h = members(header);
  const text = fc.option(fc.string({ unit: 'binary', maxLength: 200 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        length: fc.maxSafeNat(),
        fileName: text,
        mediaType: text,
        title: text,
        clinicalDate: text,
        category: text,
      }),
      async (m: RecordMetadata) => {
        // JSON.stringify leaves out undefined members, as `sealMetadata` does. docs/spec/metadata.md gives the order of the members.
        const json = JSON.stringify(m);
        const sealed = await sealMetadata(m, fileKey, header);
        expect(equalBytes(sealed, peerMetadata(fileKey, h, json))).toBe(true);
        const plain = gcmOpen(peerKey(fileKey, peerHeader(h), 'metadata'), new Uint8Array(12), sealed);
        expect(fromUtf8(plain).replace(/\0+$/, '')).toBe(json);
        expect(await openMetadata(sealed, fileKey, header)).toEqual(JSON.parse(json));
      },
    ),
    { numRuns: runs(50) },
  );
});
