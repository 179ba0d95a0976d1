// What use cases need from the outside to keep identities, folders and records. Types only: lib/stores satisfies them over DynamoDB and S3, tests in
// memory.
import type { FolderId, IdentityId, RecordId, UploadId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit.ts';
import type { CellState, RecordState } from '../domain/life.ts';
import type { RecordStatus } from '../domain/record.ts';
import type { Jws, Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';

export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/**
 * Every write is one transaction: its items under named conditions, its audit events at the head of the patient's chain, and the
 * caller's nonce. It throws AppError: `replayed`, `already-exists`, `busy`, or the condition that failed. `repeated` says that the
 * very same statement was stored before: nothing was changed, and the caller is to be answered as then.
 */
export interface Written {
  readonly repeated: boolean;
}

export interface CellName {
  readonly folder: FolderId;
  readonly epoch: number;
}

export interface StoredIdentity {
  readonly statement: Statement<'identity'>;
  readonly state: 'active';
}

export interface Identities {
  find(id: IdentityId): Promise<StoredIdentity | undefined>;
  /** Condition: what is stored is still `previous`, else `statement-outdated`. */
  put(
    statement: Statement<'identity'>,
    previous: StatementHash | undefined,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}

export interface StoredCell {
  readonly statement: Statement<'folder'>;
  readonly state: CellState;
}

export interface Folders {
  /** The current epoch. */
  find(id: FolderId): Promise<StoredCell | undefined>;
  /** Any epochs, in the order asked for; undefined where there is none. At most 100. */
  cells(names: readonly CellName[]): Promise<readonly (StoredCell | undefined)[]>;
  list(patient: IdentityId, page: PageRequest): Promise<Page<StoredCell>>;
  /** Every epoch of a folder, oldest first. */
  epochs(folder: FolderId, page: PageRequest): Promise<Page<StoredCell>>;
  /** Conditions: epoch 1: the folder does not exist (`already-exists`); later: the stored statement is still `previous`, whose cell closes (`statement-outdated`). */
  put(
    statement: Statement<'folder'>,
    previous: StatementHash | undefined,
    event: EventDraft,
    call: Call,
    carried?: Carried,
  ): Promise<Written>;
}

/** What goes into a new cell in the transaction that makes it. */
export interface Carried {
  /** Of the record version that a folder of kind single holds. */
  readonly wrap?: StoredWrap;
  /** One cell each: the new one. Their conditions are those of {@link Grants.extend}. */
  readonly extensions: readonly NewExtension[];
}

/** A further statement of the patient's on its grant, with the key fragments in the order of its cells. */
export interface NewExtension {
  readonly statement: Statement<'extension'>;
  readonly kfrags: readonly string[];
}

export interface StoredWrap {
  readonly capsule: string;
  readonly wrappedKey: string;
}

export interface WrapName extends CellName {
  readonly version: number;
}

export interface BlobName {
  readonly key: string;
  /** The S3 version that was committed: every read names it. */
  readonly versionId: string;
}

export interface StoredVersion {
  readonly statement: Statement<'record'>;
  readonly state: RecordState;
  /** Sealed, base64url; gone after deletion. */
  readonly metadata?: string;
  /** The author's grant, when the author is not the patient. */
  readonly grant?: Jws;
  readonly blob: BlobName;
  /** Hash of the audit event that tells of the filing, and when it was. */
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
  /** The author's grant, when the author is not the patient. It must be live when the version is stored. */
  readonly grant?: Statement<'grant'>;
}

export interface Records {
  find(id: RecordId): Promise<StoredRecord | undefined>;
  /** Oldest first. */
  versions(id: RecordId, page: PageRequest): Promise<Page<StoredVersion>>;
  version(id: RecordId, version: number): Promise<StoredVersion | undefined>;
  /** The cells that versions of the record are wrapped for. */
  wraps(id: RecordId): Promise<readonly WrapName[]>;
  /** Latest versions of the folder's records, oldest record first; deleted ones are left out. */
  listFolder(folder: FolderId, page: PageRequest): Promise<Page<StoredVersion>>;
  /** Versions with a wrap for any of the cells, cell by cell. */
  listCells(cells: readonly CellName[], page: PageRequest): Promise<Page<StoredVersion>>;
  /** Conditions: the cell is current (`cell-closed`), version = latest + 1 (`version-conflict`), the upload is open (`upload-not-found`), the grant is live (`grant-ended`). */
  commit(version: NewVersion, head: StoredRecord | undefined, event: EventDraft, call: Call): Promise<Written>;
  /** Condition: committed, and `deletion.of` is still the latest. Wraps and metadata go; purging blobs is the caller's next step. */
  delete(record: StoredRecord, deletion: Statement<'deletion'>, event: EventDraft, call: Call): Promise<Written>;
  /** The blobs of every version, for purging. */
  blobs(id: RecordId): Promise<readonly BlobName[]>;
}

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
