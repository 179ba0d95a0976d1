// Port of the store of grants, their cells and extensions.
import type { FolderId, GrantId, IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { GrantStatus } from '../domain/grant.ts';
import type { Jws, Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { CellName, NewExtension } from './cells.ts';
import type { Page, PageRequest } from './page.ts';
import type { Role, StoredRequest } from './requests.ts';
import type { Written } from './written.ts';

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
