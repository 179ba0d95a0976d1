// Tests changes to a blob and to its signed facts: each is refused with the right code, and no byte is released before its chunk was authenticated.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concat, equalBytes } from '../../lib/bytes/binary.ts';
import { encodeHeader, type HeaderFields } from '../../lib/envelope/header.ts';
import { EnvelopeError, type EnvelopeErrorCode } from '../../lib/envelope/errors.ts';
import { openBlob } from '../../lib/envelope/open-blob.ts';
import { runs } from '../support/property-runs.ts';
import { fileKey, inPieces, patterned, seal, type Sealed } from './sample-blobs.ts';
import { peerDigest, peerKey, peerSealChunks } from './peer.ts';

const K64 = 65_536;
const CHUNK = K64 + 16;
const CHUNKS = 5;
const body = patterned((CHUNKS - 1) * K64 + 1000);
const sealed = await seal(body, { chunk: 16 });
const other = await seal(body, { chunk: 16 });
const chunksOf = (s: Sealed): Uint8Array[] =>
  Array.from({ length: CHUNKS }, (_, i) => s.blob.slice(i * CHUNK, (i + 1) * CHUNK));

interface Outcome {
  readonly code: EnvelopeErrorCode | 'opened';
  readonly released: Uint8Array;
}

const attempt = async (s: Sealed, blob: Uint8Array, piece = 10_007): Promise<Outcome> => {
  const released: Uint8Array[] = [];
  try {
    const reader = (
      await openBlob(inPieces(blob, piece), fileKey, s, { plainLength: s.plainLength, inFlight: 3 })
    ).getReader();
    for (let r = await reader.read(); !r.done; r = await reader.read()) released.push(r.value);
    return { code: 'opened', released: concat(...released) };
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    return { code: error.code, released: concat(...released) };
  }
};

/** Makes signed facts that match a changed blob, because a malicious author can sign anything. */
const signedAs = (header: HeaderFields, blob: Uint8Array, plainLength: number): Sealed => ({
  header,
  commit: peerKey(fileKey, encodeHeader(header), 'commit'),
  digest: peerDigest(blob),
  length: blob.length,
  blob,
  plainLength,
});

/** Expects that opening fails with this code, and that the released data are whole chunks of the unchanged body, at most `intact` chunks. */
const expectRefused = async (s: Sealed, blob: Uint8Array, code: EnvelopeErrorCode, intact: number): Promise<void> => {
  const outcome = await attempt(s, blob);
  expect(outcome.code).toBe(code);
  expect(outcome.released.length % K64).toBe(0);
  expect(outcome.released.length).toBeLessThanOrEqual(intact * K64);
  expect(equalBytes(outcome.released, body.subarray(0, outcome.released.length))).toBe(true);
};

test('the unaltered blob opens', async () => {
  const { code, released } = await attempt(sealed, sealed.blob);
  expect(code).toBe('opened');
  expect(equalBytes(released, body)).toBe(true);
});

test('refuses a small blob with any byte altered', async () => {
  const small = await seal(patterned(100));
  expect(small.blob).toHaveLength(528);
  for (let bit = 0; bit < 528 * 8; bit += 3) {
    const altered = small.blob.slice();
    altered[bit >> 3]! ^= 1 << (bit & 7);
    const { code, released } = await attempt(small, altered);
    expect([bit, code, released.length]).toEqual([bit, 'chunk-invalid', 0]);
  }
});

test('refuses a long blob with any byte altered, and releases only chunks before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.blob.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const altered = sealed.blob.slice();
      altered[at]! ^= change;
      await expectRefused(sealed, altered, 'chunk-invalid', Math.floor(at / CHUNK));
    }),
    { numRuns: runs(40) },
  );
});

test('refuses a blob that was cut anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(sealed.blob.length - 1),
        fc.constantFrom(...[1, 2, 3, 4].flatMap((n) => [n * CHUNK - 1, n * CHUNK, n * CHUNK + 1])),
      ),
      async (length) => {
        await expectRefused(sealed, sealed.blob.subarray(0, length), 'truncated', Math.floor(length / CHUNK));
      },
    ),
    { numRuns: runs(30) },
  );
});

describe('chunks', () => {
  const all = chunksOf(sealed);

  test('any two swapped are refused', async () => {
    for (let a = 0; a < CHUNKS; a++)
      for (let b = a + 1; b < CHUNKS; b++) {
        const moved = all.slice();
        [moved[a], moved[b]] = [all[b]!, all[a]!];
        await expectRefused(sealed, concat(...moved), 'chunk-invalid', a);
      }
  });

  test('a missing, repeated or additional chunk is refused', async () => {
    for (let i = 0; i < CHUNKS; i++) {
      // The blob is shorter than the signed length. Either the tag of the next chunk is wrong, or the end comes too early; the first of the two is reported.
      const less = await attempt(sealed, concat(...all.toSpliced(i, 1)));
      expect(['truncated', 'chunk-invalid']).toContain(less.code);
      expect(less.released.length).toBeLessThanOrEqual(i * K64);
      const twice = await attempt(sealed, concat(...all.toSpliced(i, 0, all[i]!)));
      expect(['trailing-data', 'chunk-invalid']).toContain(twice.code);
      expect(twice.released.length).toBeLessThanOrEqual((i + 1) * K64);
    }
    await expectRefused(sealed, concat(sealed.blob, Uint8Array.of(0)), 'trailing-data', CHUNKS - 1);
    await expectRefused(sealed, concat(sealed.blob, all[4]!), 'trailing-data', CHUNKS - 1);
  });

  test('a chunk of another blob under the same file key is refused', async () => {
    const foreign = chunksOf(other);
    for (let i = 0; i < CHUNKS; i++)
      await expectRefused(sealed, concat(...all.with(i, foreign[i]!)), 'chunk-invalid', i);
    await expectRefused(sealed, other.blob, 'chunk-invalid', 0);
  });

  test('a missing last chunk is refused, though lengths and digest are signed to match', async () => {
    const short = concat(...all.slice(0, 4));
    await expectRefused(signedAs(sealed.header, short, 4 * K64), short, 'chunk-invalid', 3);
  });

  test('a last chunk in the middle is refused, though lengths and digest are signed to match', async () => {
    const raw = encodeHeader(sealed.header);
    const early = peerSealChunks(fileKey, raw, [body.subarray(0, K64)]);
    const blob = concat(early, ...all.slice(1));
    await expectRefused(signedAs(sealed.header, blob, body.length), blob, 'chunk-invalid', 0);
  });
});

describe('signed facts', () => {
  test('with another digest, the last chunk is not released', async () => {
    for (let i = 0; i < 32; i += 5) {
      const digest = sealed.digest.slice();
      digest[i]! ^= 0x80;
      await expectRefused({ ...sealed, digest }, sealed.blob, 'digest-mismatch', CHUNKS - 1);
    }
    const small = await seal(patterned(100));
    const outcome = await attempt({ ...small, digest: new Uint8Array(32) }, small.blob);
    expect([outcome.code, outcome.released.length]).toEqual(['digest-mismatch', 0]);
    // A digest that is too short is refused, even if its bytes are the right ones.
    const cut = await attempt({ ...small, digest: small.digest.subarray(0, 31) }, small.blob);
    expect(cut.code).toBe('digest-mismatch');
  });

  test('refuses a blob with other content that another owner of the file key sealed', async () => {
    const raw = encodeHeader(sealed.header);
    const forged = peerSealChunks(
      fileKey,
      raw,
      Array.from({ length: CHUNKS }, (_, i) => new Uint8Array(i < CHUNKS - 1 ? K64 : 1000)),
    );
    const outcome = await attempt(sealed, forged);
    expect(outcome.code).toBe('digest-mismatch');
    expect(outcome.released.length).toBeLessThan(body.length);
  });

  test.each([-16, -1, 1, 16, CHUNK, -CHUNK])('refuses a length that differs by %i', async (change) => {
    const outcome = await attempt({ ...sealed, length: sealed.length + change }, sealed.blob);
    expect([outcome.code, outcome.released.length]).toEqual(['length-mismatch', 0]);
  });

  test.each([0, 1, body.length - 1, body.length + 1, 2 ** 40])(
    'refuses a plaintext length of %i',
    async (plainLength) => {
      const outcome = await attempt({ ...sealed, plainLength }, sealed.blob);
      expect([outcome.code, outcome.released.length]).toEqual(['length-mismatch', 0]);
    },
  );

  test('refuses a commitment with any byte altered', async () => {
    for (let i = 0; i < 32; i++) {
      const commit = sealed.commit.slice();
      commit[i]! ^= 1;
      const outcome = await attempt({ ...sealed, commit }, sealed.blob);
      expect([outcome.code, outcome.released.length]).toEqual(['commit-mismatch', 0]);
    }
  });
});

test('refuses padding that is not zero anywhere', async () => {
  const small = await seal(patterned(100));
  for (const at of [100, 101, 300, 510, 511]) {
    const plain = new Uint8Array(512);
    plain.set(patterned(100));
    plain[at] = 1;
    const blob = peerSealChunks(fileKey, encodeHeader(small.header), [plain]);
    const outcome = await attempt(signedAs(small.header, blob, 100), blob);
    expect([at, outcome.code, outcome.released.length]).toEqual([at, 'length-mismatch', 0]);
  }
});

test('refuses a header of another record, though key, commitment and digest are signed to match', async () => {
  const record = { ...sealed.header, version: 2 };
  await expectRefused(signedAs(record, sealed.blob, body.length), sealed.blob, 'chunk-invalid', 0);
});
