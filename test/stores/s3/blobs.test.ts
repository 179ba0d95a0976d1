// Tests the blob store where real S3 is stricter than the local S3: signed headers, checksums, conditional completion, and paging.
import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../../../lib/api/errors.ts';
import { concat } from '../../../lib/bytes/binary.ts';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { newId, type FolderId, type RecordId, type UploadId } from '../../../lib/bytes/ids.ts';
import { makeBlobs } from '../../../lib/stores/s3/blobs.ts';
import { PART_BYTES, partCount } from '../../../lib/envelope/header.ts';
import { assertParts } from '../../../lib/stores/s3/complete-upload.ts';
import { makePresign } from '../../../lib/stores/s3/presign.ts';
import type { StoredPart, StoredUpload } from '../../../lib/ports/index.ts';
import { patient } from '../../statements/samples.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const s3With = (answer: (command: string) => object) => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };
  const s3 = new S3Client({ region: 'eu-central-1', credentials });
  const sent: { command: string; input: unknown }[] = [];
  s3.middlewareStack.add(
    (_next, context) => (args) => {
      sent.push({ command: context.commandName ?? '', input: args.input });
      return Promise.resolve({
        output: { $metadata: {}, ...answer(context.commandName ?? '') },
        response: {},
      });
    },
    { step: 'initialize' },
  );
  return { s3, sent };
};
const blobsWith = (answer: (command: string) => object, endpoint?: string) => {
  const { s3, sent } = s3With(answer);
  return { blobs: makeBlobs(s3, 'bucket', makePresign(s3, { bucket: 'bucket', endpoint })), sent };
};
const nothing = () => ({});

const uploadOf = (multipart?: string): StoredUpload => ({
  upload: newId<UploadId>(),
  record: newId<RecordId>(),
  version: 1,
  folder: newId<FolderId>(),
  epoch: 1,
  patient: patient.id,
  author: patient.id,
  ...(multipart === undefined ? {} : { multipart }),
  created: NOW,
});

const signedHeaders = (url: URL): readonly string[] => (url.searchParams.get('X-Amz-SignedHeaders') ?? '').split(';');
const digest = new Uint8Array(32).fill(7);

describe('presigned URLs', () => {
  const part = { number: 3, length: 1234, sha256: toBase64url(digest) };

  test('for a part sign length and checksum as headers, and are valid for 15 minutes', async () => {
    const upload = uploadOf('id/of+s3');
    const [target] = await blobsWith(nothing).blobs.targets(upload, [part], NOW);
    const url = new URL(target!.url);
    expect(target).toMatchObject({
      number: 3,
      headers: { 'content-length': '1234', 'x-amz-checksum-sha256': Buffer.from(digest).toString('base64') },
    });
    expect(url.origin + url.pathname).toBe(
      `https://bucket.s3.eu-central-1.amazonaws.com/b/${upload.record}/${upload.upload}`,
    );
    expect(signedHeaders(url)).toEqual(['content-length', 'host', 'x-amz-checksum-sha256']);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      partNumber: '3',
      uploadId: 'id/of+s3',
      'X-Amz-Expires': '900',
      'X-Amz-Date': '20260102T030405Z',
      'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
      'X-Amz-Security-Token': 'token',
    });
    expect([...url.searchParams.keys()].join(' ').toLowerCase()).not.toContain('checksum');
  });

  test('for a single PUT also sign if-none-match', async () => {
    const [target] = await blobsWith(nothing).blobs.targets(uploadOf(), [{ ...part, number: 1 }], NOW);
    expect(target?.headers['if-none-match']).toBe('*');
    const url = new URL(target!.url);
    expect(signedHeaders(url)).toEqual(['content-length', 'host', 'if-none-match', 'x-amz-checksum-sha256']);
    expect(url.searchParams.has('uploadId')).toBe(false);
  });

  test('have another signature if a header differs', async () => {
    const { blobs } = blobsWith(nothing);
    const upload = uploadOf();
    const signature = async (changes: Partial<typeof part>) => {
      const [target] = await blobs.targets(upload, [{ ...part, number: 1, ...changes }], NOW);
      return new URL(target!.url).searchParams.get('X-Amz-Signature');
    };
    const all = [{}, { length: 1235 }, { sha256: toBase64url(new Uint8Array(32)) }];
    expect(new Set(await Promise.all(all.map(signature))).size).toBe(3);
    expect(await signature({})).toBe(await signature({}));
  });

  test('for a download name the version, and are valid for at most five minutes', async () => {
    const { url, expires } = await blobsWith(nothing).blobs.download({ key: 'b/x/y', versionId: 'a+b/c=' }, NOW);
    expect(expires).toBe(Date.UTC(2026, 0, 2, 3, 9, 5));
    const { searchParams } = new URL(url);
    expect(searchParams.get('versionId')).toBe('a+b/c=');
    expect(searchParams.get('X-Amz-Expires')).toBe('300');
    expect(signedHeaders(new URL(url))).toEqual(['host']);
  });

  test('for a local endpoint have the bucket in the path', async () => {
    const { url } = await blobsWith(nothing, 'http://127.0.0.1:4566').blobs.download(
      { key: 'b/x/y', versionId: 'v' },
      NOW,
    );
    expect(url.startsWith('http://127.0.0.1:4566/bucket/b/x/y?')).toBe(true);
  });
});

const partOf = (number: number, length: number): StoredPart => ({
  number,
  length,
  etag: `e${number}`,
  sha256: Buffer.from(sha256(Uint8Array.of(number))).toString('base64'),
});
const digestOf = (parts: number): string =>
  toBase64url(sha256(concat(...Array.from({ length: parts }, (_, i) => sha256(Uint8Array.of(i + 1))))));
const codeOf = async (attempt: Promise<void>): Promise<string> => {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

describe('parts', () => {
  test('partCount rounds up, and is at least one', () => {
    expect([0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES].map(partCount)).toEqual([1, 1, 1, 2, 2]);
  });

  test.each<[string, readonly StoredPart[], string]>([
    ['all parts', [partOf(1, PART_BYTES), partOf(2, 10)], 'accepted'],
    ['the last part missing', [partOf(1, PART_BYTES)], 'upload-incomplete'],
    ['the first part missing', [partOf(2, 10), partOf(3, 1)], 'upload-incomplete'],
    ['no part', [], 'upload-incomplete'],
    ['one part too many', [partOf(1, PART_BYTES), partOf(2, 10), partOf(3, 1)], 'blob-mismatch'],
    ['another length', [partOf(1, PART_BYTES), partOf(2, 11)], 'blob-mismatch'],
    // The total length and the digests are right, but a reader divides the blob into parts at another byte.
    ['split elsewhere', [partOf(1, PART_BYTES - 5), partOf(2, 15)], 'blob-mismatch'],
    ['other bytes', [partOf(1, PART_BYTES), { ...partOf(2, 10), sha256: partOf(9, 1).sha256 }], 'blob-mismatch'],
    ['no checksum', [partOf(1, PART_BYTES), { ...partOf(2, 10), sha256: '' }], 'blob-mismatch'],
  ])('assertParts with %s: %s', async (_case, parts, expected) => {
    expect(await codeOf(assertParts(parts, { length: PART_BYTES + 10, digest: digestOf(2) }))).toBe(expected);
  });
});

describe('completing', () => {
  const refusal = (name: string, httpStatusCode: number) =>
    new S3ServiceException({ name, $fault: 'client', message: name, $metadata: { httpStatusCode } });
  const listed = [1, 2].map((n) => ({
    PartNumber: n,
    Size: n === 1 ? PART_BYTES : 10,
    ETag: `e${n}`,
    ChecksumSHA256: partOf(n, 1).sha256,
  }));
  const expected = { length: PART_BYTES + 10, digest: digestOf(2) };
  const composite = `${Buffer.from(expected.digest, 'base64url').toString('base64')}-2`;
  const complete = async (complete: () => object, object: () => object) => {
    const answers: Record<string, () => object> = {
      ListPartsCommand: () => ({ Parts: listed }),
      CompleteMultipartUploadCommand: complete,
      HeadObjectCommand: object,
    };
    const { blobs, sent } = blobsWith((command) => answers[command]?.() ?? {});
    try {
      const completed = await blobs.complete(uploadOf('id'), expected);
      return { outcome: completed.versionId, sent };
    } catch (error) {
      return { outcome: error instanceof AppError ? error.code : String(error), sent };
    }
  };
  const fail = (error: Error) => (): never => {
    throw error;
  };
  const found = () => ({ ContentLength: expected.length, ChecksumSHA256: composite, VersionId: 'of-head' });
  const missing = fail(refusal('NotFound', 404));

  test('sends digest, length and parts, and never replaces an object', async () => {
    const { outcome, sent } = await complete(() => ({ VersionId: 'v1' }), missing);
    expect(outcome).toBe('v1');
    expect(sent[1]?.input).toMatchObject({
      UploadId: 'id',
      ChecksumSHA256: composite,
      ChecksumType: 'COMPOSITE',
      MpuObjectSize: expected.length,
      IfNoneMatch: '*',
      MultipartUpload: { Parts: listed.map(({ Size: _size, ...rest }) => rest) },
    });
  });

  test.each([
    ['NoSuchUpload', 404],
    ['PreconditionFailed', 412],
    ['ConditionalRequestConflict', 409],
  ])('after %s checks the existing object', async (name, status) => {
    const answer = fail(refusal(name, status));
    expect((await complete(answer, found)).outcome).toBe('of-head');
    expect((await complete(answer, missing)).outcome).toBe('upload-not-found');
    expect((await complete(answer, () => ({ ...found(), ContentLength: 5 }))).outcome).toBe('blob-mismatch');
    expect((await complete(answer, () => ({ ...found(), ChecksumSHA256: undefined }))).outcome).toBe('blob-mismatch');
    expect((await complete(answer, () => ({ ...found(), ChecksumSHA256: `${composite.slice(0, -1)}3` }))).outcome).toBe(
      'blob-mismatch',
    );
    expect((await complete(answer, () => ({ ...found(), VersionId: undefined }))).outcome).toBe('blob-mismatch');
  });

  test.each(['BadDigest', 'InvalidPart', 'EntityTooSmall'])('answers blob-mismatch after %s', async (name) => {
    expect((await complete(fail(refusal(name, 400)), found)).outcome).toBe('blob-mismatch');
  });

  test('reads the version id if S3 did not return it', async () => {
    expect((await complete(() => ({}), found)).outcome).toBe('of-head');
  });

  test('answers busy if S3 is overloaded, and rethrows other errors', async () => {
    expect((await complete(fail(refusal('SlowDown', 503)), found)).outcome).toBe('busy');
    expect((await complete(fail(refusal('AccessDenied', 403)), found)).outcome).toContain('AccessDenied');
  });

  test('lists all pages of parts', async () => {
    let page = 0;
    const { blobs, sent } = blobsWith((command) => {
      if (command !== 'ListPartsCommand') return { VersionId: 'v1' };
      page += 1;
      return page === 1
        ? { Parts: [listed[1]], IsTruncated: true, NextPartNumberMarker: '2' }
        : { Parts: [listed[0]], IsTruncated: false };
    });
    expect(await blobs.complete(uploadOf('id'), expected)).toMatchObject({ versionId: 'v1' });
    expect(sent[1]?.input).toMatchObject({ PartNumberMarker: '2' });
    expect(sent[2]?.input).toMatchObject({ MultipartUpload: { Parts: [{ PartNumber: 1 }, { PartNumber: 2 }] } });
  });
});

describe('aborting', () => {
  test('deletes nothing if S3 refuses to abort', async () => {
    const { blobs, sent } = blobsWith((command) => {
      if (command === 'AbortMultipartUploadCommand')
        throw new S3ServiceException({
          name: 'AccessDenied',
          $fault: 'client',
          message: '',
          $metadata: { httpStatusCode: 403 },
        });
      return {};
    });
    await expect(blobs.discard(uploadOf('id'))).rejects.toThrow(S3ServiceException);
    expect(sent).toHaveLength(1);
  });

  test('deletes the object even if S3 confirms aborting an upload that was completed meanwhile', async () => {
    const upload = uploadOf('id');
    const late = { Key: `b/${upload.record}/${upload.upload}`, VersionId: 'late' };
    const { blobs, sent } = blobsWith((command) =>
      command === 'ListObjectVersionsCommand' ? { Versions: [late] } : {},
    );
    await blobs.discard(upload);
    expect(sent.map((s) => s.input)).toContainEqual(expect.objectContaining(late));
  });
});

describe('replacing by an empty object', () => {
  test('stores the empty object first, and keeps the latest version, whoever stored it', async () => {
    const versions = ['v1', 'ours', 'theirs'].map((VersionId) => ({
      Key: 'k',
      VersionId,
      IsLatest: VersionId === 'theirs',
    }));
    const { blobs, sent } = blobsWith((command) =>
      command === 'ListObjectVersionsCommand' ? { Versions: versions } : {},
    );
    await blobs.replaceByEmpty('k');
    expect(sent.map((s) => s.command)).toEqual([
      'PutObjectCommand',
      'ListObjectVersionsCommand',
      'DeleteObjectCommand',
      'DeleteObjectCommand',
    ]);
    expect(sent[0]!.input).toMatchObject({ Key: 'k', ContentLength: 0 });
    expect(sent.slice(2).map((s) => (s.input as { VersionId: string }).VersionId)).toEqual(['v1', 'ours']);
  });
});

describe('purging', () => {
  test('deletes the versions and markers of every page', async () => {
    let page = 0;
    const { blobs, sent } = blobsWith((command) => {
      if (command !== 'ListObjectVersionsCommand') return {};
      page += 1;
      return page === 1
        ? {
            Versions: [{ Key: 'k', VersionId: 'v1' }],
            IsTruncated: true,
            NextKeyMarker: 'k',
            NextVersionIdMarker: 'v1',
          }
        : { Versions: [{ Key: 'k2', VersionId: 'other' }], DeleteMarkers: [{ Key: 'k', VersionId: 'm1' }] };
    });
    await blobs.purge('k');
    expect(sent[1]?.input).toMatchObject({ Prefix: 'k', KeyMarker: 'k', VersionIdMarker: 'v1' });
    expect(sent.slice(2).map((s) => (s.input as { VersionId: string }).VersionId)).toEqual(['v1', 'm1']);
  });
});
