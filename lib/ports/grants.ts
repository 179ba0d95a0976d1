// Grants: the port through which use cases read and write grants, their cells and extensions.
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
  /** The number of the last extension and its hash; 0 and the hash of the grant before the first. */
  readonly extended: { readonly number: number; readonly hash: StatementHash };
  /** The number of the last pause or resumption and its hash; 0 and no hash before the first. */
  readonly held: { readonly number: number; readonly hash?: StatementHash };
}

/** A cell that a grant reads. `extension` is present in the first cell that an extension added. */
export interface GrantedCell extends CellName {
  readonly extension?: Jws;
}

/** A grant to store. The use case has verified its key fragments, which are in the order of the grant's cells, base64url. */
export interface NewGrant {
  readonly statement: Statement<'grant'>;
  readonly kfrags: readonly string[];
  /** Public key of the key fragment signer with which they were verified, base64url. */
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
  /** The cells of a grant, extensions included, by folder and epoch. They remain when the grant ends. */
  cells(id: GrantId, page: PageRequest): Promise<Page<GrantedCell>>;
  /** The cells of one folder that the grant reads, oldest first. */
  cellsOf(id: GrantId, folder: FolderId): Promise<readonly CellName[]>;
  /** For each cell, whether the grant has it. */
  holds(id: GrantId, cells: readonly CellName[]): Promise<readonly boolean[]>;
  /** Grants to read that have this cell, including ended ones. */
  ofCell(cell: CellName, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Grants to read of a patient that have ended for any reason and are not settled. */
  unsettled(patient: IdentityId, now: number, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Standing grants that are neither expired nor revoked. */
  standing(patient: IdentityId, now: number, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Removes the grant from the list of unsettled grants. */
  settle(grant: StoredGrant, call: Call): Promise<Written>;
  /** Stores new grants. @param answers a request, approved in the same transaction if it is pending and before its end (else `request-closed`) */
  create(
    grants: readonly NewGrant[],
    answers: StoredRequest | undefined,
    events: readonly EventDraft[],
    call: Call,
  ): Promise<Written>;
  /** Conditions: the grant has not ended (`grant-ended`), `number` and `previous` follow (`statement-outdated`), no cell exists yet (`already-exists`). */
  extend(extension: NewExtension, event: EventDraft, call: Call): Promise<Written>;
  /** Pauses or resumes. Condition: the grant is active or paused, respectively, and the number follows the last one (`statement-outdated`). */
  hold(
    grant: StoredGrant,
    statement: Statement<'pause'> | Statement<'resumption'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
  /**
   * Ends the grant: state, event and the key fragments of up to 80 cells change in one transaction, which is tried again under contention for 10 s.
   * `KeyFragments.forget` deletes the others.
   * @returns `repeated` if it had ended before; nothing is changed then
   */
  revoke(
    grant: StoredGrant,
    ending: Statement<'revocation' | 'return'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}
