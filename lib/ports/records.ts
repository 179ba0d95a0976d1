// Records: the port through which use cases read, file and delete records.
import type { FolderId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { RecordState } from '../domain/life-cycles.ts';
import type { RecordStatus } from '../domain/record.ts';
import type { Jws, Statement } from '../statements/kinds.ts';
import type { BlobName } from './blobs.ts';
import type { Call } from './call.ts';
import type { CellName, NamedLabel, StoredLabel, StoredWrap } from './cells.ts';
import type { Page, PageRequest } from './page.ts';
import type { StoredUpload } from './uploads.ts';
import type { Written } from './written.ts';

export interface StoredVersion {
  readonly statement: Statement<'record'>;
  readonly state: RecordState;
  /** Sealed metadata, base64url; absent after deletion. */
  readonly metadata?: string;
  /** The grant of an author who is not the patient. */
  readonly grant?: Jws;
  readonly blob: BlobName;
  /** Hash of the audit event of the filing. `filed` is the time of this event, ms since 1970. */
  readonly event: string;
  readonly filed: number;
}

/** The blob of a version, and in `filed` the time when the version was filed, ms since 1970. */
export type FiledBlob = BlobName & Pick<StoredVersion, 'filed'>;

/** A committed version in a list, with the label in the wrap for one cell. */
export interface ListedVersion extends StoredVersion {
  readonly label: StoredLabel;
}

export interface StoredRecord extends RecordStatus {
  readonly record: RecordId;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  /** The epoch in which the latest version was filed. */
  readonly epoch: number;
  readonly state: RecordState;
  readonly deletion?: Jws;
}

export interface NewVersion {
  readonly statement: Statement<'record'>;
  readonly metadata: string;
  readonly wrap: StoredWrap;
  readonly blob: BlobName;
  readonly upload: StoredUpload;
  /** The grant of an author who is not the patient. It must be live when the version is stored. */
  readonly grant?: Statement<'grant'>;
}

export interface Records {
  find(id: RecordId): Promise<StoredRecord | undefined>;
  /** Lists the versions of a record, oldest first. */
  versions(id: RecordId, page: PageRequest): Promise<Page<StoredVersion>>;
  version(id: RecordId, version: number): Promise<StoredVersion | undefined>;
  /**
   * Lists the wraps of the record: for each wrap the cell, the version and the label.
   * @param page only the wraps of the versions on this page of {@link Records.versions}. Default: of all versions
   * @throws {AppError} `malformed-request` for a wrong cursor
   */
  wraps(id: RecordId, page?: PageRequest): Promise<readonly NamedLabel[]>;
  /**
   * Lists the latest versions of the folder's records, oldest record first, each with the label for the cell in which it was filed. It leaves out deleted
   * records.
   */
  listFolder(folder: FolderId, page: PageRequest): Promise<Page<ListedVersion>>;
  /** Lists the versions that have a wrap for any of the cells, one cell after the other, each with the label for this cell. */
  listCells(cells: readonly CellName[], page: PageRequest): Promise<Page<ListedVersion>>;
  /**
   * Stores a version. Conditions: the cell is current (`cell-closed`), the version is the latest plus 1 (`version-conflict`), the upload exists and is not
   * retired (`upload-not-found`), and the grant is live (`grant-ended`).
   */
  commit(version: NewVersion, head: StoredRecord | undefined, event: EventDraft, call: Call): Promise<Written>;
  /**
   * Removes wraps and metadata of a record. The caller must then remove its blobs. Condition: the record is committed, and `deletion.of` is still its latest
   * version.
   */
  delete(record: StoredRecord, deletion: Statement<'deletion'>, event: EventDraft, call: Call): Promise<Written>;
  /** Lists the blobs of all versions, so that the caller can remove them. */
  blobs(id: RecordId): Promise<readonly FiledBlob[]>;
}
