// Port of the store of identities: the newest statement of each.
import type { IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { Written } from './written.ts';

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
