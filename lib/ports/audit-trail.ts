// AuditTrail: the port through which use cases read audit trails and store checkpoints.
import type { IdentityId } from '../bytes/ids.ts';
import type { Heads } from '../domain/statement-chain.ts';
import type { Jws } from '../statements/kinds.ts';
import type { Page, PageRequest } from './page.ts';

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
      /** Only events with a larger `seq` are listed. `after` cannot be combined with `from` and `to`. */
      readonly after?: number | undefined;
    },
    page: PageRequest,
  ): Promise<Page<AuditEntry>>;
  /** Lists the events of `actor` in the trails of other patients, with their text as stored. */
  listOwn(actor: IdentityId, page: PageRequest): Promise<Page<AuditEntry>>;
  /** Returns the heads of the audit trail and of the chain of statements, from a consistent read. */
  head(patient: IdentityId): Promise<Heads>;
  /** Returns the stored checkpoint of the head with this number, if there is one. */
  checkpoint(patient: IdentityId, seq: number): Promise<Jws | undefined>;
  keepCheckpoint(patient: IdentityId, seq: number, checkpoint: Jws): Promise<void>;
}
