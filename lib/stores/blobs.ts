// Blobs in S3: begun, sent by presigned URLs, completed only if S3's own digest is the one that was signed, read by version, purged.
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Buffer } from 'node:buffer';
import { fromBase64url } from '../bytes/codec.ts';
import type { RecordId, UploadId } from '../bytes/ids.ts';
import type { Blobs, PartTarget, StoredUpload } from '../usecases/ports.ts';
import { makeComplete } from './complete.ts';
import { endOf, type Presign } from './presign.ts';
import { orBusy } from './retry.ts';
import { isMissing, type Bucket } from './s3-errors.ts';

/** Seconds. */
const UPLOAD_LIVES = 15 * 60;
const DOWNLOAD_LIVES = 5 * 60;

export const blobKey = ({ record, upload }: { readonly record: RecordId; readonly upload: UploadId }): string =>
  `b/${record}/${upload}`;

const toBase64 = (base64url: string): string => Buffer.from(fromBase64url(base64url)).toString('base64');

const versionsOf = async ({ s3, bucket }: Bucket, key: string): Promise<readonly (string | undefined)[]> => {
  const versions: (string | undefined)[] = [];
  let after: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> = {};
  for (;;) {
    const found: ListObjectVersionsCommandOutput = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, ...after }),
    );
    const all = [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
    versions.push(...all.filter((v) => v.Key === key).map((v) => v.VersionId));
    if (found.IsTruncated !== true) return versions;
    after = { KeyMarker: found.NextKeyMarker, VersionIdMarker: found.NextVersionIdMarker };
  }
};

const purge = async (where: Bucket, key: string): Promise<void> => {
  for (const VersionId of await versionsOf(where, key))
    await where.s3.send(new DeleteObjectCommand({ Bucket: where.bucket, Key: key, VersionId }));
};

/** Ends a multipart upload, if it is still open. S3 may say that it did of one that was completed a moment ago. */
const abort = async ({ s3, bucket }: Bucket, upload: StoredUpload): Promise<void> => {
  if (upload.multipart === undefined) return;
  try {
    await s3.send(
      new AbortMultipartUploadCommand({ Bucket: bucket, Key: blobKey(upload), UploadId: upload.multipart }),
    );
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};

export const makeBlobs = (s3: S3Client, bucket: string, presign: Presign): Blobs => {
  const where: Bucket = { s3, bucket };

  const target = async (
    upload: StoredUpload,
    part: { readonly number: number; readonly length: number; readonly sha256: string },
    now: number,
  ): Promise<PartTarget> => {
    const headers = {
      'content-length': String(part.length),
      'x-amz-checksum-sha256': toBase64(part.sha256),
      ...(upload.multipart === undefined ? { 'if-none-match': '*' } : {}),
    };
    const query: Record<string, string> =
      upload.multipart === undefined ? {} : { partNumber: String(part.number), uploadId: upload.multipart };
    const url = await presign({ method: 'PUT', key: blobKey(upload), query, headers, lives: UPLOAD_LIVES, now });
    return { number: part.number, url, headers };
  };

  return {
    begin: async (record, upload) => {
      const { UploadId } = await orBusy(() =>
        s3.send(
          new CreateMultipartUploadCommand({
            Bucket: bucket,
            Key: blobKey({ record, upload }),
            ChecksumAlgorithm: 'SHA256',
            ChecksumType: 'COMPOSITE',
          }),
        ),
      );
      if (UploadId === undefined) throw new TypeError('S3 gave no id to a multipart upload');
      return UploadId;
    },

    abort: (upload) => orBusy(() => abort(where, upload)),

    discard: (upload) =>
      orBusy(async () => {
        await abort(where, upload);
        await purge(where, blobKey(upload));
      }),

    targets: (upload, parts, now) => Promise.all(parts.map((p) => target(upload, p, now))),

    complete: makeComplete(where, blobKey),

    download: async ({ key, versionId }, now) => ({
      url: await presign({ method: 'GET', key, query: { versionId }, headers: {}, lives: DOWNLOAD_LIVES, now }),
      expires: endOf(now, DOWNLOAD_LIVES),
    }),

    purge: (key) => orBusy(() => purge(where, key)),
  };
};
