// Requests: the port through which use cases read and write requests for access.
import type { GrantId, IdentityId, RequestId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { RequestState } from '../domain/life-cycles.ts';
import type { Statement } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { Page, PageRequest } from './page.ts';
import type { Written } from './written.ts';

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
  /** Stores a denial. Condition: the request is pending and before its end (`request-closed`). */
  deny(request: StoredRequest, denial: Statement<'denial'>, event: EventDraft, call: Call): Promise<Written>;
  /** Stores a withdrawal. Condition: the request is pending and before its end (`request-closed`). */
  withdraw(
    request: StoredRequest,
    withdrawal: Statement<'withdrawal'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written>;
}
