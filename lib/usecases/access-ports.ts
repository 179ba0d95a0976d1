// What use cases need from the outside to decide and record access: requests, grants, openings, the trail. Types only, as in ports.ts.
import type { FolderId, GrantId, IdentityId, RequestId } from '../bytes/ids.ts';
import type { ChainHead, EventDraft } from '../domain/audit.ts';
import type { GrantStatus } from '../domain/grant.ts';
import type { RequestState } from '../domain/life.ts';
import type { Pace } from '../domain/opening.ts';
import type { Jws, Statement, StatementHash } from '../statements/kinds.ts';
import type { ServiceKind, ServicePayload } from '../statements/service.ts';
import type { Call } from './call.ts';
import type {
  CellName,
  NewExtension,
  Page,
  PageRequest,
  StoredCell,
  StoredIdentity,
  StoredVersion,
  StoredWrap,
  Written,
} from './record-ports.ts';

export interface StoredRequest {
  readonly statement: Statement<'request'>;
  readonly state: RequestState;
  readonly until: number;
  readonly grants: readonly GrantId[];
}

export type Role = 'patient' | 'recipient';

export interface Requests {
  find(id: RequestId): Promise<StoredRequest | undefined>;
  list(
    as: Role,
    id: IdentityId,
    state: RequestState | 'expired' | undefined,
    now: number,
    page: PageRequest,
  ): Promise<Page<StoredRequest>>;
  create(statement: Statement<'request'>, event: EventDraft, call: Call): Promise<Written>;
  /** Condition: pending and before its end (`request-closed`). */
  deny(request: StoredRequest, denial: Statement<'denial'>, event: EventDraft, call: Call): Promise<Written>;
  /** Condition: as for a denial. */
  withdraw(
    request: StoredRequest,
    withdrawal: Statement<'withdrawal'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}

export type GrantFilter = 'active' | 'paused' | 'expired' | 'revoked';

export interface StoredGrant {
  readonly statement: Statement<'grant'>;
  readonly status: GrantStatus;
  /** How often it was extended, and the hash of the last extension, or of the grant. */
  readonly extended: { readonly number: number; readonly hash: StatementHash };
  /** The number of the last pause or resumption, 0 before the first, and its hash. */
  readonly held: { readonly number: number; readonly hash?: StatementHash };
}

/** A cell that a grant reads, and the extension by which it came in where this is the extension's first cell. */
export interface GrantedCell extends CellName {
  readonly extension?: Jws;
}

/** Key fragments in the order of the grant's cells, base64url, verified by the use case. */
export interface NewGrant {
  readonly statement: Statement<'grant'>;
  readonly kfrags: readonly string[];
  /** The signer of key fragments that they were verified with, base64url. */
  readonly verifying: string;
}

export interface Grants {
  find(id: GrantId): Promise<StoredGrant | undefined>;
  list(
    as: Role,
    id: IdentityId,
    state: GrantFilter | undefined,
    now: number,
    page: PageRequest,
  ): Promise<Page<StoredGrant>>;
  /** The cells of a grant, extensions included, by folder and epoch. They stay when the grant ends. */
  cells(id: GrantId, page: PageRequest): Promise<Page<GrantedCell>>;
  /** The cells of one folder, oldest first. */
  cellsOf(id: GrantId, folder: FolderId): Promise<readonly CellName[]>;
  /** Whether the grant has these cells. */
  holds(id: GrantId, cells: readonly CellName[]): Promise<readonly boolean[]>;
  /** Read grants that a cell was given to, ended ones included. */
  ofCell(cell: CellName, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Read grants of a patient that have ended, by any way, and were not settled since. */
  unsettled(patient: IdentityId, now: number, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Standing grants that have not expired or been revoked. */
  standing(patient: IdentityId, now: number, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Its cells are closed: it leaves the list of the unsettled. */
  settle(grant: StoredGrant, call: Call): Promise<Written>;
  /** `answers`: the request moves from pending to approved in the same transaction, before its end (`request-closed`). */
  create(
    grants: readonly NewGrant[],
    answers: StoredRequest | undefined,
    events: readonly EventDraft[],
    call: Call,
  ): Promise<Written>;
  /** Conditions: the grant has not ended (`grant-ended`), `number` and `previous` follow (`statement-outdated`), no cell is there yet. */
  extend(extension: NewExtension, event: EventDraft, call: Call): Promise<Written>;
  /** Conditions: the state from which it leads on, the number before (`statement-outdated`). */
  hold(
    grant: StoredGrant,
    statement: Statement<'pause'> | Statement<'resumption'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
  /** Acts at once: state, key fragments and event in one transaction; retried against contention for 10 s. `repeated` when it had ended before; then what was left of the fragments goes. */
  revoke(
    grant: StoredGrant,
    ending: Statement<'revocation' | 'return'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}

/** Everything an opening needs, read consistently in one trip. Members are undefined where there is nothing. */
export interface OpeningView {
  readonly caller: StoredIdentity | undefined;
  readonly grant:
    | (GrantStatus & {
        readonly patient: IdentityId;
        readonly recipient: IdentityId;
        /** Public keys, base64url: the recipient's, and the patient's signer of key fragments. */
        readonly receiving: string;
        readonly verifying: string;
        readonly right: 'read';
        readonly pace: Pace;
      })
    | undefined;
  /** The key fragment of the cell, base64url, as it was stored after verification. */
  readonly kfrag: string | undefined;
  readonly cell: StoredCell | undefined;
  readonly head: ChainHead;
  /** In the order of the opening's records. */
  readonly versions: readonly (StoredVersion | undefined)[];
  readonly wraps: readonly (StoredWrap | undefined)[];
  /** The claim of this opening id by this caller, when there is one. */
  readonly claim: { readonly statement: StatementHash; readonly at: number } | undefined;
}

export interface Openings {
  read(opening: Statement<'opening'>): Promise<OpeningView>;
  /** Counts, logs and claims in one transaction. Conditions: grant active, in period, room for all (`grant-ended`, with the reason as it is now). */
  record(opening: Statement<'opening'>, seen: OpeningView, event: EventDraft, call: Call): Promise<Written>;
}

export interface AuditEntry {
  readonly event: string;
  readonly hash: string;
  readonly evidence?: Jws;
}

export interface AuditTrail {
  list(
    patient: IdentityId,
    range: {
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      /** Events behind this place; with no times. */
      readonly after?: number | undefined;
    },
    page: PageRequest,
  ): Promise<Page<AuditEntry>>;
  /** Events whose actor is `actor` in the chains of others, as they stand in those chains. */
  listOwn(actor: IdentityId, page: PageRequest): Promise<Page<AuditEntry>>;
  /** The last event, read consistently. */
  head(patient: IdentityId): Promise<ChainHead>;
  /** The checkpoint that was made of this head, if one was. */
  checkpoint(patient: IdentityId, seq: number): Promise<Jws | undefined>;
  keepCheckpoint(patient: IdentityId, seq: number, checkpoint: Jws): Promise<void>;
}

/** The service's own signatures. The private key stays in KMS. */
export interface Notary {
  sign<K extends ServiceKind>(kind: K, payload: ServicePayload<K>): Promise<Jws>;
  /** The public key, SEC 1 compressed P-256, base64url. */
  key(): Promise<string>;
  /** Signs with this running copy's own key, for which `key` is the service's certificate. */
  answer(payload: ServicePayload<'recapsulation'>): Promise<SignedAnswer>;
}

/** A recapsulation, and the statement of the proxy key that signed it. */
export interface SignedAnswer {
  readonly key: Jws;
  readonly answer: Jws;
}
