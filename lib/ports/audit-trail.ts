// Port of the store of audit trails.
import type { IdentityId } from '../bytes/ids.ts';
import type { ChainHead } from '../domain/audit-chain.ts';
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
