// Records: the port through which use cases read, file and delete records.
import type { FolderId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { RecordState } from '../domain/life-cycles.ts';
import type { RecordStatus } from '../domain/record.ts';
import type { Jws, Statement } from '../statements/kinds.ts';
import type { BlobName } from './blobs.ts';
import type { Call } from './call.ts';
import type { CellName, StoredWrap, WrapName } from './cells.ts';
import type { Page, PageRequest } from './page.ts';
import type { StoredUpload } from './uploads.ts';
import type { Written } from './written.ts';

export interface StoredVersion {
  readonly statement: Statement<'record'>;
  readonly state: RecordState;
  /** Sealed metadata, base64url; absent after deletion. */
  readonly metadata?: string;
  /** The grant of the author, if the author is not the patient. */
  readonly grant?: Jws;
  readonly blob: BlobName;
  /** Hash of the audit event of the filing, and its time in ms since 1970. */
  readonly event: string;
  readonly filed: number;
}

export interface StoredRecord extends RecordStatus {
  readonly record: RecordId;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly state: RecordState;
  readonly deletion?: Jws;
}

export interface NewVersion {
  readonly statement: Statement<'record'>;
  readonly metadata: string;
  readonly wrap: StoredWrap;
  readonly blob: BlobName;
  readonly upload: StoredUpload;
  /** The grant of the author, if the author is not the patient. It must be live when the version is stored. */
  readonly grant?: Statement<'grant'>;
}

export interface Records {
  find(id: RecordId): Promise<StoredRecord | undefined>;
  /** The versions of a record, oldest first. */
  versions(id: RecordId, page: PageRequest): Promise<Page<StoredVersion>>;
  version(id: RecordId, version: number): Promise<StoredVersion | undefined>;
  /** The cells that versions of the record are wrapped for. */
  wraps(id: RecordId): Promise<readonly WrapName[]>;
  /** Latest versions of the folder's records, oldest record first; deleted ones are left out. */
  listFolder(folder: FolderId, page: PageRequest): Promise<Page<StoredVersion>>;
  /** Versions that have a wrap for any of the cells, cell by cell. */
  listCells(cells: readonly CellName[], page: PageRequest): Promise<Page<StoredVersion>>;
  /**
   * Conditions: the cell is current (`cell-closed`), version = latest + 1 (`version-conflict`), the upload is open (`upload-not-found`), the grant is
   * live (`grant-ended`).
   */
  commit(version: NewVersion, head: StoredRecord | undefined, event: EventDraft, call: Call): Promise<Written>;
  /** Removes wraps and metadata; the caller purges the blobs next. Condition: the record is committed, and `deletion.of` is still the latest version. */
  delete(record: StoredRecord, deletion: Statement<'deletion'>, event: EventDraft, call: Call): Promise<Written>;
  /** The blobs of all versions, for deletion. */
  blobs(id: RecordId): Promise<readonly BlobName[]>;
}
