// Tests the blob store on S3: uploads in one PUT and in parts, completing, downloading and removing them.
import {
  CompleteMultipartUploadCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, systemRng } from '../../../lib/bytes/binary.ts';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { newId, type RecordId, type UploadId } from '../../../lib/bytes/ids.ts';
import type { PartTarget, StoredUpload } from '../../../lib/ports/index.ts';
import { storageFetch } from '../../support/storage-fetch.ts';
import { ENV, hashOf, newIdentity, openStores, refusal, versionOf } from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const PART = 8 * 1024 * 1024;
const random = (length: number): Uint8Array => {
  const block = systemRng(1024);
  return Uint8Array.from({ length }, (_, i) => block[i % 1024]! ^ ((i >> 10) & 0xff));
};
const split = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: Math.max(1, Math.ceil(bytes.length / PART)) }, (_, i) =>
    bytes.subarray(i * PART, (i + 1) * PART),
  );
const expectedOf = (bytes: Uint8Array) => ({
  length: bytes.length,
  digest: toBase64url(sha256(concat(...split(bytes).map((p) => sha256(p))))),
});

const single = (): StoredUpload => versionOf({ patient: newIdentity(), folder: newId() }).upload;
const multipart = async (): Promise<StoredUpload> => {
  const upload = single();
  return { ...upload, multipart: await stores.blobs.begin(upload.record, upload.upload) };
};
const keyOf = (u: { record: RecordId; upload: UploadId }) => `b/${u.record}/${u.upload}`;

const target = async (upload: StoredUpload, bytes: Uint8Array, number = 1): Promise<PartTarget> => {
  const [one] = await stores.blobs.targets(
    upload,
    [{ number, length: bytes.length, sha256: hashOf(bytes) }],
    Date.now(),
  );
  return one!;
};
/** Uploads as a client does. fetch sets content-length itself. */
const put = async ({ url, headers }: PartTarget, bytes: Uint8Array): Promise<number> => {
  const { 'content-length': _length, ...rest } = headers;
  const answer = await storageFetch(url, { method: 'PUT', headers: rest, body: bytes as Uint8Array<ArrayBuffer> });
  await answer.arrayBuffer();
  return answer.status;
};
const send = async (upload: StoredUpload, bytes: Uint8Array): Promise<void> => {
  for (const [i, part] of split(bytes).entries()) expect(await put(await target(upload, part, i + 1), part)).toBe(200);
};
const fetched = async (upload: StoredUpload, versionId: string): Promise<Uint8Array> => {
  const { url } = await stores.blobs.download({ key: keyOf(upload), versionId }, Date.now());
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
};
const versionsOf = async (upload: StoredUpload): Promise<number> => {
  const { Versions = [], DeleteMarkers = [] } = await stores.s3.send(
    new ListObjectVersionsCommand({ Bucket: ENV.BUCKET, Prefix: keyOf(upload) }),
  );
  return Versions.length + DeleteMarkers.length;
};

describe('a blob uploaded in one PUT', () => {
  test('is uploaded, completed, and downloaded by its version', async () => {
    const [upload, bytes] = [single(), random(1000)];
    await send(upload, bytes);
    const completed = await stores.blobs.complete(upload, expectedOf(bytes));
    expect(completed).toEqual({ key: keyOf(upload), versionId: expect.stringMatching(/./), ...expectedOf(bytes) });
    expect(await fetched(upload, completed.versionId)).toEqual(bytes);
    expect(await stores.blobs.complete(upload, expectedOf(bytes))).toEqual(completed);
  });

  test('S3 refuses changed, missing and additional bytes, and stores nothing', async () => {
    const [upload, bytes] = [single(), random(1000)];
    const to = await target(upload, bytes);
    const changed = Uint8Array.from(bytes, (b, i) => (i === 500 ? b ^ 1 : b));
    for (const wrong of [changed, bytes.subarray(1), concat(bytes, new Uint8Array(1))])
      expect(await put(to, wrong)).toBeGreaterThanOrEqual(400);
    expect(await versionsOf(upload)).toBe(0);
    expect(await refusal(stores.blobs.complete(upload, expectedOf(bytes)))).toBe('upload-incomplete');
  });

  test('a second PUT answers 412, even with the same bytes', async () => {
    const [upload, bytes] = [single(), random(1000)];
    await send(upload, bytes);
    expect(await put(await target(upload, bytes), bytes)).toBe(412);
    const other = random(1000);
    expect(await put(await target(upload, other), other)).toBe(412);
    expect(await versionsOf(upload)).toBe(1);
  });

  test('S3 refuses a header that the URL did not sign', async () => {
    const [upload, bytes] = [single(), random(1000)];
    const to = await target(upload, bytes);
    for (const more of [{ 'x-amz-meta-name': 'x' }, { 'x-amz-checksum-crc32': 'AAAAAA==' }])
      expect(await put({ ...to, headers: { ...to.headers, ...more } }, bytes)).toBe(403);
    expect(await versionsOf(upload)).toBe(0);
    const part = await multipart();
    const toPart = await target(part, bytes);
    expect(await put({ ...toPart, headers: { ...toPart.headers, 'if-none-match': '*' } }, bytes)).toBe(403);
    expect(await put({ ...toPart, headers: {} }, bytes)).toBe(400);
    expect(await refusal(stores.blobs.complete(part, expectedOf(bytes)))).toBe('upload-incomplete');
  });

  test('does not complete if digest or length differ from the statement', async () => {
    const [upload, bytes] = [single(), random(1000)];
    await send(upload, bytes);
    expect(await refusal(stores.blobs.complete(upload, expectedOf(random(1000))))).toBe('blob-mismatch');
    expect(await refusal(stores.blobs.complete(upload, { ...expectedOf(bytes), length: 999 }))).toBe('blob-mismatch');
  });

  test('does not complete an object that was uploaded without a checksum', async () => {
    const [upload, bytes] = [single(), random(1000)];
    await stores.s3.send(new PutObjectCommand({ Bucket: ENV.BUCKET, Key: keyOf(upload), Body: bytes }));
    expect(await refusal(stores.blobs.complete(upload, expectedOf(bytes)))).toBe('blob-mismatch');
  });
});

describe('a blob uploaded in parts', () => {
  test.each([1, 1000, PART, PART + 1, 2 * PART])(
    'with %d bytes is uploaded, completed once, and downloaded by its version',
    async (length) => {
      const [upload, bytes] = [await multipart(), random(length)];
      await send(upload, bytes);
      const completed = await stores.blobs.complete(upload, expectedOf(bytes));
      expect(completed).toEqual({ key: keyOf(upload), versionId: expect.stringMatching(/./), ...expectedOf(bytes) });
      expect(Buffer.compare(await fetched(upload, completed.versionId), bytes)).toBe(0);
      expect(await stores.blobs.complete(upload, expectedOf(bytes))).toEqual(completed);
      expect(await versionsOf(upload)).toBe(1);
    },
    60_000,
  );

  test('completing distinguishes a missing part from a wrong part', async () => {
    const [upload, bytes] = [await multipart(), random(PART + 1000)];
    const [one, two] = split(bytes) as [Uint8Array, Uint8Array];
    const expected = expectedOf(bytes);
    expect(await refusal(stores.blobs.complete(upload, expected))).toBe('upload-incomplete');
    expect(await put(await target(upload, two, 2), two)).toBe(200);
    expect(await refusal(stores.blobs.complete(upload, expected))).toBe('upload-incomplete');
    expect(await put(await target(upload, one, 1), two)).toBeGreaterThanOrEqual(400);
    const other = random(PART);
    expect(await put(await target(upload, other, 1), other)).toBe(200);
    expect(await refusal(stores.blobs.complete(upload, expected))).toBe('blob-mismatch');
    // A part may be sent again until the upload is complete.
    expect(await put(await target(upload, one, 1), one)).toBe(200);
    expect(await stores.blobs.complete(upload, expected)).toMatchObject(expected);
  });

  test('completing answers blob-mismatch if there is one part too many', async () => {
    const [upload, bytes] = [await multipart(), random(1000)];
    await send(upload, bytes);
    expect(await put(await target(upload, bytes, 2), bytes)).toBe(200);
    expect(await refusal(stores.blobs.complete(upload, expectedOf(bytes)))).toBe('blob-mismatch');
  });

  test('completing succeeds if an earlier attempt completed it and its answer was lost', async () => {
    const [upload, bytes] = [await multipart(), random(1000)];
    await send(upload, bytes);
    const where = { Bucket: ENV.BUCKET, Key: keyOf(upload), UploadId: upload.multipart };
    const { Parts = [] } = await stores.s3.send(new ListPartsCommand(where));
    await stores.s3.send(
      new CompleteMultipartUploadCommand({
        ...where,
        MultipartUpload: {
          Parts: Parts.map(({ PartNumber, ETag, ChecksumSHA256 }) => ({ PartNumber, ETag, ChecksumSHA256 })),
        },
      }),
    );
    expect(await stores.blobs.complete(upload, expectedOf(bytes))).toMatchObject(expectedOf(bytes));
    expect(await refusal(stores.blobs.complete(upload, expectedOf(random(1000))))).toBe('blob-mismatch');
  });

  test('a second upload of the same name does not replace the first', async () => {
    const [upload, bytes, other] = [await multipart(), random(1000), random(1000)];
    await send(upload, bytes);
    await stores.blobs.complete(upload, expectedOf(bytes));
    const rival = { ...upload, multipart: await stores.blobs.begin(upload.record, upload.upload) };
    await send(rival, other);
    expect(await refusal(stores.blobs.complete(rival, expectedOf(other)))).toBe('blob-mismatch');
    expect(await versionsOf(upload)).toBe(1);
  });

  test('an upload that was never begun, or was aborted, is not found', async () => {
    const upload = await multipart();
    await stores.blobs.abort(upload);
    expect(await refusal(stores.blobs.complete(upload, expectedOf(random(10))))).toBe('upload-not-found');
    await stores.blobs.abort(upload);
  });
});

describe('removing blobs', () => {
  test('purge removes every version of the object, and no other object', async () => {
    const [upload, bytes] = [single(), random(100)];
    const neighbour = { ...upload, upload: `${upload.upload}2` as UploadId };
    await send(neighbour, bytes);
    const where = { Bucket: ENV.BUCKET, Key: keyOf(upload) };
    for (let i = 0; i < 3; i++) await stores.s3.send(new PutObjectCommand({ ...where, Body: random(10) }));
    await stores.blobs.purge(keyOf(upload));
    expect(await versionsOf(upload)).toBe(1);
    expect(await stores.blobs.complete(neighbour, expectedOf(bytes))).toMatchObject(expectedOf(bytes));
    await stores.blobs.purge(keyOf(upload));
  });

  test('replaceByEmpty removes every version, and leaves no place for an upload URL from before', async () => {
    const [upload, bytes] = [single(), random(100)];
    const to = await target(upload, bytes);
    expect(await put(to, bytes)).toBe(200);
    const { versionId } = await stores.blobs.complete(upload, expectedOf(bytes));
    await Promise.all([1, 2].map(() => stores.blobs.replaceByEmpty(keyOf(upload))));
    expect(await put(to, bytes)).toBe(412);
    const { Versions = [] } = await stores.s3.send(
      new ListObjectVersionsCommand({ Bucket: ENV.BUCKET, Prefix: keyOf(upload) }),
    );
    expect(Versions.map((v) => v.Size)).toEqual([0]);
    const { url } = await stores.blobs.download({ key: keyOf(upload), versionId }, Date.now());
    expect((await fetch(url)).status).toBe(404);
    await stores.blobs.purge(keyOf(upload));
    expect(await versionsOf(upload)).toBe(0);
  });

  test('discard removes a completed blob that was never committed, after one PUT or in parts', async () => {
    for (const upload of [single(), await multipart()]) {
      const bytes = random(100);
      await send(upload, bytes);
      await stores.blobs.complete(upload, expectedOf(bytes));
      await stores.blobs.discard(upload);
      expect(await versionsOf(upload)).toBe(0);
      await stores.blobs.discard(upload);
    }
  });

  test('abort of a second multipart upload does not affect the first', async () => {
    const [upload, bytes] = [await multipart(), random(100)];
    const unneeded = { ...upload, multipart: await stores.blobs.begin(upload.record, upload.upload) };
    await send(upload, bytes);
    await stores.blobs.complete(upload, expectedOf(bytes));
    await stores.blobs.abort(unneeded);
    expect(await versionsOf(upload)).toBe(1);
  });
});
