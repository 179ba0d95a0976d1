// Port of the store of uploads that were begun.
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
  /** S3's id of the multipart upload; undefined for a single PUT. */
  readonly multipart?: string;
  readonly created: number;
}

export interface Uploads {
  find(record: RecordId, upload: UploadId): Promise<StoredUpload | undefined>;
  /** Answers the one that is stored: `repeated` when it was there before with the same members (its multipart id may differ), `already-exists` with others. */
  begin(upload: StoredUpload, call: Call): Promise<Written & { readonly stored: StoredUpload }>;
  /** Uploads begun before `before`, some at a time; for the sweeper. */
  stale(before: number): AsyncIterable<StoredUpload>;
  /** From now on no commit can use it (the condition `upload-not-found` fails there). False when it is gone: somebody committed it. */
  retire(upload: StoredUpload): Promise<boolean>;
  remove(upload: StoredUpload): Promise<void>;
}
