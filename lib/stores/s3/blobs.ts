// Storage of blobs in S3: begins, completes and aborts uploads, and deletes blobs. Clients send and read blobs by presigned URLs (blob-urls.ts). An upload
// is completed only if the digest that S3 computed is the one in the signed statement.
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Blobs, StoredUpload } from '../../ports/index.ts';
import { makeComplete } from './complete-upload.ts';
import { blobKey, makeLinks } from './blob-urls.ts';
import type { Presign } from './presign.ts';
import { orBusy } from '../retry.ts';
import { isMissing, type Bucket } from './s3-errors.ts';

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

/** Ends a multipart upload if it is still open. S3 may accept this for an upload that was completed a moment ago. */
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

  return {
    ...makeLinks(presign),

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

    complete: makeComplete(where, blobKey),

    purge: (key) => orBusy(() => purge(where, key)),
  };
};
