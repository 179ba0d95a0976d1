// Port of the storage of blobs: uploads in parts, presigned URLs, deletion.
import type { RecordId, UploadId } from '../bytes/ids.ts';
import type { StoredUpload } from './uploads.ts';

export interface BlobName {
  readonly key: string;
  /** The S3 version that was committed: every read names it. */
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
  /** base64, as S3 reports it. */
  readonly sha256: string;
}

/** The object is complete, and S3 itself vouches for length and digest. */
export type Completion = BlobName & {
  readonly length: number;
  /** base64url composite digest */ readonly digest: string;
};

export interface Blobs {
  /** S3's id of a new multipart upload. */
  begin(record: RecordId, upload: UploadId): Promise<string>;
  /** Ends a multipart upload that nobody needs; what another one completed under the same key stays. */
  abort(upload: StoredUpload): Promise<void>;
  /** Removes everything of an upload: its parts, and the object if it was completed after all. */
  discard(upload: StoredUpload): Promise<void>;
  /** Presigned PUTs whose length and SHA-256 are signed headers. */
  targets(
    upload: StoredUpload,
    parts: readonly { number: number; length: number; sha256: string }[],
    now: number,
  ): Promise<readonly PartTarget[]>;
  /**
   * Completes the upload if what S3 holds has this length and digest; safe to repeat after a crash in between.
   * Throws AppError `upload-incomplete` (parts missing), `blob-mismatch` (other length or digest), `upload-not-found`.
   */
  complete(upload: StoredUpload, expected: { readonly length: number; readonly digest: string }): Promise<Completion>;
  /** A presigned GET of exactly this version, for at most five minutes. */
  download(blob: BlobName, now: number): Promise<{ readonly url: string; readonly expires: number }>;
  /** Removes every version of the object. */
  purge(key: string): Promise<void>;
}
