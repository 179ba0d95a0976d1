// Completion of an upload: compares the length and digest that S3 reports with those that the author signed. A report of the client about the bytes that it
// sent does not count. The call can be repeated after a crash between completion and transaction: it then compares the completed object.
import {
  CompleteMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type HeadObjectCommandOutput,
  type Part,
} from '@aws-sdk/client-s3';
import { Buffer } from 'node:buffer';
import { AppError } from '../../api/errors.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { compositeDigest, PART_BYTES, partCount } from '../../envelope/header.ts';
import type { Blobs, Completion, StoredPart, StoredUpload } from '../../ports/index.ts';
import { orBusy } from '../retry.ts';
import { isMissing, isOther, isTaken, type Bucket } from './s3-errors.ts';

interface Expected {
  readonly length: number;
  readonly digest: string;
}

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const toBase64 = (base64url: string): string => Buffer.from(fromBase64url(base64url)).toString('base64');

/** Computes the composite digest, base64url, from the digests of the parts that S3 reports. */
const digestOfParts = async (parts: readonly Pick<StoredPart, 'sha256'>[]): Promise<string> =>
  toBase64url(await compositeDigest(parts.map((p) => bytesOf(p.sha256))));

const lengthOfPart = (number: number, length: number): number =>
  number < partCount(length) ? PART_BYTES : length - (partCount(length) - 1) * PART_BYTES;

/**
 * Checks that the stored parts are those of the signed blob. It also checks the size of each part, because readers hash the blob in parts of 8 MiB.
 * @throws {AppError} `upload-incomplete`, `blob-mismatch`
 */
export const assertParts = async (parts: readonly StoredPart[], expected: Expected): Promise<void> => {
  const wanted = partCount(expected.length);
  const there = new Set(parts.map((p) => p.number));
  for (let n = 1; n <= wanted; n++) if (!there.has(n)) throw new AppError('upload-incomplete');
  const same =
    parts.every((p) => p.length === lengthOfPart(p.number, expected.length)) &&
    (await digestOfParts(parts)) === expected.digest;
  if (!same) throw new AppError('blob-mismatch');
};

const toPart = (p: Part): StoredPart => ({
  number: p.PartNumber ?? 0,
  length: p.Size ?? -1,
  etag: p.ETag ?? '',
  sha256: p.ChecksumSHA256 ?? '',
});

const listParts = async ({ s3, bucket }: Bucket, key: string, id: string): Promise<readonly StoredPart[]> => {
  const parts: StoredPart[] = [];
  for (let marker: string | undefined; ;) {
    const listed = await s3.send(
      new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: id, PartNumberMarker: marker }),
    );
    parts.push(...(listed.Parts ?? []).map(toPart));
    if (listed.IsTruncated !== true) return parts.sort((a, b) => a.number - b.number);
    marker = listed.NextPartNumberMarker;
  }
};

const head = async ({ s3, bucket }: Bucket, key: string): Promise<HeadObjectCommandOutput | undefined> => {
  try {
    return await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** Reads the digest from S3's report: `digest-parts` for a multipart upload, the plain SHA-256 of the object for a single PUT. */
const digestOf = async (
  { ChecksumSHA256: reported = '' }: HeadObjectCommandOutput,
  expected: Expected,
): Promise<string> => {
  const [composite = '', parts] = reported.split('-');
  if (parts === undefined) return digestOfParts([{ sha256: reported }]);
  return parts === String(partCount(expected.length)) ? toBase64url(bytesOf(composite)) : '';
};

const accept = async (key: string, object: HeadObjectCommandOutput, expected: Expected): Promise<Completion> => {
  const { ContentLength: length, VersionId: versionId } = object;
  if (versionId === undefined || length !== expected.length || (await digestOf(object, expected)) !== expected.digest)
    throw new AppError('blob-mismatch');
  return { key, versionId, length, digest: expected.digest };
};

type Finished = { readonly versionId: string | undefined } | 'ask-the-object';

/** Completes the multipart upload. @returns `ask-the-object` if this upload was completed or aborted before, or if another upload completed the object */
const finish = async (where: Bucket, key: string, id: string, expected: Expected): Promise<Finished> => {
  try {
    const parts = await listParts(where, key, id);
    await assertParts(parts, expected);
    const { VersionId } = await where.s3.send(
      new CompleteMultipartUploadCommand({
        Bucket: where.bucket,
        Key: key,
        UploadId: id,
        MultipartUpload: {
          Parts: parts.map((p) => ({ PartNumber: p.number, ETag: p.etag, ChecksumSHA256: p.sha256 })),
        },
        ChecksumSHA256: `${toBase64(expected.digest)}-${parts.length}`,
        ChecksumType: 'COMPOSITE',
        MpuObjectSize: expected.length,
        IfNoneMatch: '*',
      }),
    );
    return { versionId: VersionId };
  } catch (error) {
    if (isMissing(error) || isTaken(error)) return 'ask-the-object';
    if (isOther(error)) throw new AppError('blob-mismatch');
    throw error;
  }
};

export const makeComplete =
  (where: Bucket, keyOf: (upload: StoredUpload) => string): Blobs['complete'] =>
  (upload, expected) =>
    orBusy(async () => {
      const key = keyOf(upload);
      if (upload.multipart !== undefined) {
        const finished = await finish(where, key, upload.multipart, expected);
        if (finished !== 'ask-the-object' && finished.versionId !== undefined)
          return { key, versionId: finished.versionId, ...expected };
      }
      const object = await head(where, key);
      if (object === undefined)
        throw new AppError(upload.multipart === undefined ? 'upload-incomplete' : 'upload-not-found');
      return accept(key, object, expected);
    });
