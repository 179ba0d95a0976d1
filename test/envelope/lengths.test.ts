// Tests `plainLength` in blobs whose tags and digests are valid: a wrong value is refused, even if its padded length fits the length of the blob.
import { expect, test } from '@jest/globals';
import { encodeHeader, type HeaderFields } from '../../lib/envelope/header.ts';
import { codeOf, fileKey, openAll, seal, type Sealed } from './sample-blobs.ts';
import { peerDigest, peerKey, peerPadded, peerSealChunks } from './peer.ts';

const signedBy = (header: HeaderFields, chunks: readonly Uint8Array[], plainLength: number): Sealed => {
  const raw = encodeHeader(header);
  const blob = peerSealChunks(fileKey, raw, chunks);
  return {
    header,
    commit: peerKey(fileKey, raw, 'commit'),
    digest: peerDigest(blob),
    length: blob.length,
    blob,
    plainLength,
  };
};
const { header } = await seal(new Uint8Array(0));

test.each([-1, -5, -512, 99.5, Number.NaN, Number.NEGATIVE_INFINITY, -(2 ** 60)])(
  'refuses %d bytes, if padding hides the difference',
  async (plainLength) => {
    const zeros = signedBy(header, [new Uint8Array(512)], plainLength);
    expect(await codeOf(openAll(zeros))).toBe('length-mismatch');
    expect(await openAll({ ...zeros, plainLength: 512 })).toHaveLength(512);
  },
);

test('only bodies below 64 KiB are padded', async () => {
  for (const [plainLength, code] of [
    [65_535, 'opened'],
    [65_536, 'length-mismatch'],
    [70_000, 'length-mismatch'],
  ] as const) {
    const s = signedBy(header, [peerPadded(new Uint8Array(plainLength))], plainLength);
    expect([plainLength, await codeOf(openAll(s))]).toEqual([plainLength, code]);
  }
});

test('a small body that is not padded opens, because the opener follows the flags', async () => {
  const body = Uint8Array.of(1, 2, 3);
  expect(await openAll(signedBy({ ...header, flags: 0 }, [body], 3))).toEqual(body);
});
