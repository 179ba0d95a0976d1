// Grants: the port through which use cases read and write grants, their cells and extensions.
import type { FolderId, GrantId, IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { GrantStatus } from '../domain/grant.ts';
import type { Pace } from '../domain/opening.ts';
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
  /** The number and the hash of the last extension. Before the first extension: 0, and the hash of the grant. */
  readonly extended: { readonly number: number; readonly hash: StatementHash };
  /** The number and the hash of the last pause or resumption. Before the first one: 0, and no hash. */
  readonly held: { readonly number: number; readonly hash?: StatementHash };
  /** The second of the last opening, and how many openings it had. Before the first opening both are 0. */
  readonly pace: Pace;
}

/** A cell of a grant to read. `extension` is present in the first cell of each extension. */
export interface GrantedCell extends CellName {
  readonly extension?: Jws;
}

/** A grant to store. `kfrags` contains its key fragments in the order of its cells, base64url. The use case has verified the key fragments. */
export interface NewGrant {
  readonly statement: Statement<'grant'>;
  readonly kfrags: readonly string[];
  /** The public key of the key fragment signer, base64url. The use case verified the key fragments with it. */
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
  /** Lists the cells of a grant by folder and epoch, also those of extensions. The cells stay stored after the grant has ended. */
  cells(id: GrantId, page: PageRequest): Promise<Page<GrantedCell>>;
  /** Lists the cells of one folder that the grant reads, oldest first. */
  cellsOf(id: GrantId, folder: FolderId): Promise<readonly CellName[]>;
  /** Tells for each cell whether the grant has it. */
  holds(id: GrantId, cells: readonly CellName[]): Promise<readonly boolean[]>;
  /** Lists the grants to read that have this cell, also ended ones. */
  ofCell(cell: CellName, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Lists the patient's grants to read that have ended, for any reason, and are not settled. */
  unsettled(patient: IdentityId, now: number, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Lists the patient's standing grants that are neither expired nor revoked. */
  standing(patient: IdentityId, now: number, page: PageRequest): Promise<Page<StoredGrant>>;
  /** Removes the grant from the list of unsettled grants. */
  settle(grant: StoredGrant, call: Call): Promise<Written>;
  /** Takes an ended grant off the list of unsettled grants until `until`, ms since 1970. Then the list has the grant again. */
  settleLater(grant: StoredGrant, until: number, call: Call): Promise<Written>;
  /**
   * Stores new grants.
   * @param answers the request that the grants answer. It is approved in the same transaction. Condition: it is pending and before its end
   *   (`request-closed`)
   */
  create(
    grants: readonly NewGrant[],
    answers: StoredRequest | undefined,
    events: readonly EventDraft[],
    call: Call,
  ): Promise<Written>;
  /**
   * Stores an extension. Conditions: the grant has not ended (`grant-ended`), `number` and `previous` follow the last extension (`statement-outdated`), and
   * the grant has none of the cells yet (`already-exists`).
   */
  extend(extension: NewExtension, event: EventDraft, call: Call): Promise<Written>;
  /**
   * Pauses or resumes a grant. Conditions (`statement-outdated`): the grant is active before a pause and paused before a resumption, and the number of the
   * statement is one more than that of the last pause or resumption.
   */
  hold(
    grant: StoredGrant,
    statement: Statement<'pause'> | Statement<'resumption'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
  /**
   * Ends a grant. One transaction stores the state and the event, and deletes the key fragments of up to 80 cells; `KeyFragments.forget` deletes the others. If
   * other writes conflict with the transaction, it is tried again for up to 10 s.
   * @returns `repeated` if the grant had ended before; then nothing is changed
   */
  revoke(
    grant: StoredGrant,
    ending: Statement<'revocation' | 'return'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}
