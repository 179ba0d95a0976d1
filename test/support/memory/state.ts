// Everything that the service keeps, as one plain object: what a use case changed is what differs in it. Rows are replaced, never altered.
import type { FolderId, GrantId, IdentityId, RecordId, RequestId } from '../../../lib/bytes/ids.ts';
import type { AuditEvent } from '../../../lib/domain/audit-chain.ts';
import type { Pace } from '../../../lib/domain/opening.ts';
import type { RequestPace } from '../../../lib/domain/request.ts';
import type { Jws, Statement, StatementHash } from '../../../lib/statements/kinds.ts';
import type {
  AuditEntry,
  CellName,
  GrantedCell,
  StoredCell,
  StoredGrant,
  StoredIdentity,
  StoredRecord,
  StoredRequest,
  StoredUpload,
  StoredVersion,
  StoredWrap,
} from '../../../lib/ports/index.ts';

/** A nonce, or an opening id, that was used. */
export interface ClaimRow {
  /** Seconds since 1970; from then on the row may go. */
  readonly ttl: number;
  readonly opening?: { readonly statement: StatementHash; readonly at: number };
}

export interface EventRow {
  readonly event: AuditEvent;
  readonly entry: AuditEntry;
}

export interface FolderRow {
  readonly current: Statement<'folder'>;
  /** By epoch. */
  readonly cells: ReadonlyMap<number, StoredCell>;
}

export interface WrapRow extends CellName, StoredWrap {
  readonly record: RecordId;
  readonly version: number;
  readonly created: number;
}

export interface RecordRow {
  readonly head: StoredRecord;
  /** Of the first version: its place in the list of the folder. */
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

/** One of the few places for pending requests of one recipient with one patient. */
export interface SlotRow {
  readonly request: RequestId;
  /** Free from then on. */
  readonly until: number;
}

export interface GrantRow extends StoredGrant {
  /** Of a grant to read, by the name of the cell. */
  readonly cells: ReadonlyMap<string, GrantedCell>;
  /** By the name of the cell; gone after revocation. */
  readonly verifying: string;
  readonly kfrags: ReadonlyMap<string, string>;
  /** When it ended or will; gone when its cells are closed. */
  readonly end?: number | undefined;
  readonly pace: Pace;
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
  /** By patient, in order. */
  readonly chains: Map<IdentityId, readonly EventRow[]>;
  readonly identities: Map<IdentityId, StoredIdentity>;
  readonly folders: Map<FolderId, FolderRow>;
  readonly records: Map<RecordId, RecordRow>;
  /** By {@link uploadName}. */
  readonly uploads: Map<string, UploadRow>;
  readonly requests: Map<RequestId, RequestRow>;
  /** By recipient and patient. */
  readonly slots: Map<string, readonly (SlotRow | undefined)[]>;
  /** By patient. */
  readonly patientSlots: Map<IdentityId, readonly (SlotRow | undefined)[]>;
  readonly paces: Map<IdentityId, RequestPace>;
  readonly grants: Map<GrantId, GrantRow>;
  /** By patient and place. */
  readonly checkpoints: Map<string, Jws>;
  /** By key. */
  readonly objects: Map<string, ObjectRow>;
  readonly multiparts: Map<string, MultipartRow>;
  /** Numbers the versions and multipart uploads that the bucket names. */
  readonly named: { count: number };
}

export const emptyState = (): State => ({
  claims: new Map(),
  chains: new Map(),
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

/** Shares the rows, which never change. */
export const copyOf = (state: State): State => ({
  ...(Object.fromEntries(TABLES.map((table) => [table, new Map<unknown, unknown>(state[table])])) as unknown as State),
  named: { ...state.named },
});

const isSame = (a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean =>
  a.size === b.size && [...a].every(([name, row]) => b.get(name) === row);

/** Names of the tables in which a row is new, gone, or another. A name that the bucket gave away is no change. */
export const changes = (before: State, after: State): readonly string[] =>
  TABLES.filter((table) => !isSame(before[table], after[table]));

export const cellText = ({ folder, epoch }: CellName): string => `${folder}#${epoch}`;
export const uploadName = ({ record, upload }: Pick<StoredUpload, 'record' | 'upload'>): string =>
  `${record}/${upload}`;

/** Numbers as they sort as text. */
export const pad = (n: number, width: number): string => String(n).padStart(width, '0');
export const ms = (instant: number): string => pad(instant, 13);
export const ordinal = (n: number): string => pad(n, 10);
