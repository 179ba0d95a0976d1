// Blob URLs: makes the presigned URLs to which clients send blobs and from which they fetch them. This needs no S3 client.
import { Buffer } from 'node:buffer';
import { fromBase64url } from '../../bytes/codec.ts';
import type { RecordId, UploadId } from '../../bytes/ids.ts';
import { UPLOAD_URL_LIFE } from '../../domain/record.ts';
import { SECOND } from '../../domain/time.ts';
import type { Blobs, PartTarget, StoredUpload } from '../../ports/index.ts';
import { endOf, type Presign } from './presign.ts';

/** How long the URLs are valid, seconds. */
const UPLOAD_LIVES = UPLOAD_URL_LIFE / SECOND;
const DOWNLOAD_LIVES = 5 * 60;

export const blobKey = ({ record, upload }: { readonly record: RecordId; readonly upload: UploadId }): string =>
  `b/${record}/${upload}`;

const toBase64 = (base64url: string): string => Buffer.from(fromBase64url(base64url)).toString('base64');

export type Links = Pick<Blobs, 'targets' | 'download'>;

export const makeLinks = (presign: Presign): Links => {
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
    targets: (upload, parts, now) => Promise.all(parts.map((p) => target(upload, p, now))),

    download: async ({ key, versionId }, now) => ({
      url: await presign({ method: 'GET', key, query: { versionId }, headers: {}, lives: DOWNLOAD_LIVES, now }),
      expires: endOf(now, DOWNLOAD_LIVES),
    }),
  };
};
