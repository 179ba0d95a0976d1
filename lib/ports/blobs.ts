// Blobs: the port through which use cases reach the storage of blobs: uploads in parts, presigned URLs, deletion.
import type { RecordId, UploadId } from '../bytes/ids.ts';
import type { StoredUpload } from './uploads.ts';

export interface BlobName {
  readonly key: string;
  /** The S3 version that was committed. Every read names it, so a later object under the same key is never read. */
  readonly versionId: string;
}

export interface PartTarget {
  readonly number: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredPart {
  readonly number: number;
  readonly length: number;
  readonly etag: string;
  /** SHA-256 of the part in base64, as S3 reports it. */
  readonly sha256: string;
}

/** A completed object, with the length and the digest that S3 reports. */
export type Completion = BlobName & {
  readonly length: number;
  /** base64url composite digest */ readonly digest: string;
};

export interface Blobs {
  /** Begins a multipart upload. @returns S3's id of it */
  begin(record: RecordId, upload: UploadId): Promise<string>;
  /** Ends a multipart upload that is not needed. An object that another upload completed under the same key remains. */
  abort(upload: StoredUpload): Promise<void>;
  /** Removes all of an upload: its parts, and its object if it was completed. */
  discard(upload: StoredUpload): Promise<void>;
  /** Makes presigned PUT URLs. Length and SHA-256 of each part are signed headers. */
  targets(
    upload: StoredUpload,
    parts: readonly { number: number; length: number; sha256: string }[],
    now: number,
  ): Promise<readonly PartTarget[]>;
  /**
   * Completes the upload if the object in S3 has this length and digest. It can be repeated after a crash.
   * Throws AppError `upload-incomplete` (parts missing), `blob-mismatch` (other length or digest), `upload-not-found`.
   */
  complete(upload: StoredUpload, expected: { readonly length: number; readonly digest: string }): Promise<Completion>;
  /** A presigned GET of exactly this version, for at most five minutes. */
  download(blob: BlobName, now: number): Promise<{ readonly url: string; readonly expires: number }>;
  /** Removes every version of the object. */
  purge(key: string): Promise<void>;
}
