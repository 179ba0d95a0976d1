// Blobs: the port through which use cases reach the storage of blobs. It has uploads in parts, presigned URLs, and deletion.
import type { RecordId, UploadId } from '../bytes/ids.ts';
import type { StoredUpload } from './uploads.ts';

export interface BlobName {
  readonly key: string;
  /** The S3 version of the object that was committed. Every read names it, so nobody can read a later object with the same key by mistake. */
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
  /** The composite digest, base64url. */
  readonly digest: string;
};

export interface Blobs {
  /** Begins a multipart upload. @returns the id that S3 gives the upload */
  begin(record: RecordId, upload: UploadId): Promise<string>;
  /** Ends a multipart upload that is not needed. If another upload completed an object with the same key, this object stays. */
  abort(upload: StoredUpload): Promise<void>;
  /** Removes everything of an upload: its parts, and its object if the upload was completed. */
  discard(upload: StoredUpload): Promise<void>;
  /** Makes presigned PUT URLs. Each URL signs the headers with length and SHA-256 of its part. */
  targets(
    upload: StoredUpload,
    parts: readonly { number: number; length: number; sha256: string }[],
    now: number,
  ): Promise<readonly PartTarget[]>;
  /**
   * Completes the upload if the object in S3 has this length and digest. The caller may repeat it after a crash.
   * Throws AppError `upload-incomplete` (parts missing), `blob-mismatch` (other length or digest), `upload-not-found`.
   */
  complete(upload: StoredUpload, expected: { readonly length: number; readonly digest: string }): Promise<Completion>;
  /** Makes a presigned GET URL of exactly this version, valid for at most five minutes. */
  download(blob: BlobName, now: number): Promise<{ readonly url: string; readonly expires: number }>;
  /** Removes every version of the object. An upload URL that is still valid can then store an object again. */
  purge(key: string): Promise<void>;
  /** Replaces the object by an empty one, and removes every other version. No upload URL can store the object again, because an object is there all the time. */
  replaceByEmpty(key: string): Promise<void>;
}
