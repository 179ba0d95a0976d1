// Storage of blobs in S3: begins, completes and aborts uploads, and deletes blobs. Clients send and read blobs by presigned URLs (blob-urls.ts). An upload
// is completed only if the digest that S3 computed is the one in the signed statement.
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Blobs, StoredUpload } from '../../ports/index.ts';
import { makeComplete } from './complete-upload.ts';
import { blobKey, makeLinks } from './blob-urls.ts';
import type { Presign } from './presign.ts';
import { orBusy } from '../retry.ts';
import { isMissing, isNoVersion, type Bucket } from './s3-errors.ts';

interface Version {
  readonly id: string | undefined;
  readonly isLatest: boolean;
}

const versionsOf = async ({ s3, bucket }: Bucket, key: string): Promise<readonly Version[]> => {
  const versions: Version[] = [];
  let after: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> = {};
  for (;;) {
    const found: ListObjectVersionsCommandOutput = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, ...after }),
    );
    const all = [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
    const own = all.filter((v) => v.Key === key);
    versions.push(...own.map((v) => ({ id: v.VersionId, isLatest: v.IsLatest === true })));
    if (found.IsTruncated !== true) return versions;
    after = { KeyMarker: found.NextKeyMarker, VersionIdMarker: found.NextVersionIdMarker };
  }
};

const removeVersions = async ({ s3, bucket }: Bucket, key: string, versions: readonly Version[]): Promise<void> => {
  for (const { id } of versions) {
    try {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: id }));
    } catch (error) {
      // Another call has removed the version in the meantime.
      if (!isNoVersion(error)) throw error;
    }
  }
};

const purge = async (where: Bucket, key: string): Promise<void> =>
  removeVersions(where, key, await versionsOf(where, key));

/**
 * Stores an empty object, then removes all other versions of the key, so that the key always has an object. If two calls run at the same time, both keep the
 * latest version, which is the empty object of one of them.
 */
const replaceByEmpty = async (where: Bucket, key: string): Promise<void> => {
  await where.s3.send(
    new PutObjectCommand({ Bucket: where.bucket, Key: key, Body: new Uint8Array(), ContentLength: 0 }),
  );
  const versions = await versionsOf(where, key);
  await removeVersions(
    where,
    key,
    versions.filter((v) => !v.isLatest),
  );
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

    replaceByEmpty: (key) => orBusy(() => replaceByEmpty(where, key)),
  };
};
