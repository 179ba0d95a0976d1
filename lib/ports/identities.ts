// Identities: the port through which use cases read and write identities, each with its newest statement.
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
  /** Stores an identity statement. Condition: the hash of the stored one is still `previous` (`statement-outdated`). */
  put(
    statement: Statement<'identity'>,
    previous: StatementHash | undefined,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}
