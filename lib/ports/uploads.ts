// Uploads: the port through which use cases read and write uploads.
import type { IdentityId, RecordId, UploadId } from '../bytes/ids.ts';
import type { Call } from './call.ts';
import type { CellName } from './cells.ts';
import type { Written } from './written.ts';

export interface StoredUpload extends CellName {
  readonly upload: UploadId;
  readonly record: RecordId;
  readonly version: number;
  readonly patient: IdentityId;
  readonly author: IdentityId;
  /** The id that S3 gave the multipart upload; undefined for a single PUT. */
  readonly multipart?: string;
  readonly created: number;
}

export interface Uploads {
  find(record: RecordId, upload: UploadId): Promise<StoredUpload | undefined>;
  /**
   * Stores an upload, and returns the stored one. The result is `repeated` if the upload was stored before with the same members (only its multipart id may
   * differ). Throws `already-exists` if it was stored with other members.
   */
  begin(upload: StoredUpload, call: Call): Promise<Written & { readonly stored: StoredUpload }>;
  /** Yields the uploads that began before `before` (ms since 1970), for the sweeper. It reads them page by page. */
  stale(before: number): AsyncIterable<StoredUpload>;
  /** Retires an upload, so that no commit can use it: a later commit fails with `upload-not-found`. @returns false if the upload was committed meanwhile */
  retire(upload: StoredUpload): Promise<boolean>;
  remove(upload: StoredUpload): Promise<void>;
}
