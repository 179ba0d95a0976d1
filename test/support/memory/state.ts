// State of the in-memory service, as one plain object. A row is replaced and never changed in place, so a test can compare two states to see what a use case
// changed.
import type { FolderId, GrantId, IdentityId, RecordId, RequestId } from '../../../lib/bytes/ids.ts';
import type { AuditEvent } from '../../../lib/domain/audit-chain.ts';
import type { RequestPace } from '../../../lib/domain/request.ts';
import type { Jws, Statement, StatementHash } from '../../../lib/statements/kinds.ts';
import type {
  AuditEntry,
  CellName,
  GrantedCell,
  NewEntry,
  StoredCell,
  StoredGrant,
  StoredIdentity,
  StoredKeyFragment,
  StoredRecord,
  StoredRequest,
  StoredUpload,
  StoredVersion,
  StoredWrap,
} from '../../../lib/ports/index.ts';

/** A used nonce, or a used opening id. */
export interface ClaimRow {
  /** The time, in seconds since 1970, after which the row may be removed. */
  readonly ttl: number;
  readonly opening?: { readonly statement: StatementHash; readonly at: number };
}

export interface EventRow {
  readonly event: AuditEvent;
  readonly entry: AuditEntry;
}

export interface FolderRow {
  readonly current: Statement<'folder'>;
  /** The cells, keyed by epoch. */
  readonly cells: ReadonlyMap<number, StoredCell>;
}

export interface WrapRow extends CellName, StoredWrap {
  readonly record: RecordId;
  readonly version: number;
  readonly created: number;
}

export interface RecordRow {
  readonly head: StoredRecord;
  /** Time of the first version, by which the folder's list is ordered. */
  readonly created: number;
  readonly versions: ReadonlyMap<number, StoredVersion>;
  readonly wraps: readonly WrapRow[];
}

export interface UploadRow {
  readonly upload: StoredUpload;
  readonly state: 'open' | 'committed' | 'retired';
}

export interface RequestRow extends StoredRequest {
  readonly slot: number;
  readonly patientSlot: number;
  /** Hash of the denial or withdrawal. */
  readonly answer?: StatementHash;
}

/** A slot that a pending request occupies. It belongs either to a recipient and a patient together, or to a patient alone. */
export interface SlotRow {
  readonly request: RequestId;
  /** The slot is free from this time on. */
  readonly until: number;
}

export interface GrantRow extends StoredGrant {
  /** The cells of a grant to read, keyed by the name of the cell. */
  readonly cells: ReadonlyMap<string, GrantedCell>;
  /** The patient's key fragment signer. */
  readonly verifying: string;
  /** The key fragments, keyed by the name of the cell. They are removed after a revocation. */
  readonly kfrags: ReadonlyMap<string, StoredKeyFragment>;
  /** The time from which on the grant is unsettled. It is removed when the grant is settled. */
  readonly end?: number | undefined;
}

export interface PartRow {
  readonly body: Uint8Array;
  readonly sha256: Uint8Array;
}

export interface ObjectRow {
  readonly versionId: string;
  readonly body: Uint8Array;
  /** SHA-256 over the SHA-256 of its parts, base64url. */
  readonly digest: string;
}

export interface MultipartRow {
  readonly key: string;
  readonly parts: ReadonlyMap<number, PartRow>;
}

export interface State {
  readonly claims: Map<string, ClaimRow>;
  /** The audit trails, keyed by patient; events are in their order. */
  readonly chains: Map<IdentityId, readonly EventRow[]>;
  /** The chains of statements, keyed by identity; entries are in their order. */
  readonly entries: Map<IdentityId, readonly NewEntry[]>;
  readonly identities: Map<IdentityId, StoredIdentity>;
  readonly folders: Map<FolderId, FolderRow>;
  readonly records: Map<RecordId, RecordRow>;
  /** The uploads, keyed by {@link uploadName}. */
  readonly uploads: Map<string, UploadRow>;
  readonly requests: Map<RequestId, RequestRow>;
  /** The slots of a recipient with a patient, keyed by both. */
  readonly slots: Map<string, readonly (SlotRow | undefined)[]>;
  /** The slots of a patient, keyed by patient. */
  readonly patientSlots: Map<IdentityId, readonly (SlotRow | undefined)[]>;
  readonly paces: Map<IdentityId, RequestPace>;
  readonly grants: Map<GrantId, GrantRow>;
  /** The checkpoints, keyed by patient and sequence number. */
  readonly checkpoints: Map<string, Jws>;
  /** The objects, keyed by their key in S3. */
  readonly objects: Map<string, ObjectRow>;
  readonly multiparts: Map<string, MultipartRow>;
  /** The counter from which ids of object versions and multipart uploads are made. */
  readonly named: { count: number };
}

export const emptyState = (): State => ({
  claims: new Map(),
  chains: new Map(),
  entries: new Map(),
  identities: new Map(),
  folders: new Map(),
  records: new Map(),
  uploads: new Map(),
  requests: new Map(),
  slots: new Map(),
  patientSlots: new Map(),
  paces: new Map(),
  grants: new Map(),
  checkpoints: new Map(),
  objects: new Map(),
  multiparts: new Map(),
  named: { count: 0 },
});

type Table = Exclude<keyof State, 'named'>;
const TABLES = Object.keys(emptyState()).filter((name): name is Table => name !== 'named');

/** Copies the tables. The rows are shared, because they never change. */
export const copyOf = (state: State): State => ({
  ...(Object.fromEntries(TABLES.map((table) => [table, new Map<unknown, unknown>(state[table])])) as unknown as State),
  named: { ...state.named },
});

const isSame = (a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean =>
  a.size === b.size && [...a].every(([name, row]) => b.get(name) === row);

/** Returns the names of the tables in which a row was added, removed or replaced. It ignores the counter of ids. */
export const changes = (before: State, after: State): readonly string[] =>
  TABLES.filter((table) => !isSame(before[table], after[table]));

export const cellText = ({ folder, epoch }: CellName): string => `${folder}#${epoch}`;
export const uploadName = ({ record, upload }: Pick<StoredUpload, 'record' | 'upload'>): string =>
  `${record}/${upload}`;

/** Pads a number with zeros, so that texts sort like the numbers. */
export const pad = (n: number, width: number): string => String(n).padStart(width, '0');
export const ms = (instant: number): string => pad(instant, 13);
export const ordinal = (n: number): string => pad(n, 10);
