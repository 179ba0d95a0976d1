// Port of the store of openings: one consistent read, one counted write.
import type { IdentityId } from '../bytes/ids.ts';
import type { ChainHead, EventDraft } from '../domain/audit-chain.ts';
import type { GrantStatus } from '../domain/grant.ts';
import type { Pace } from '../domain/opening.ts';
import type { Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { StoredCell, StoredWrap } from './cells.ts';
import type { StoredIdentity } from './identities.ts';
import type { StoredVersion } from './records.ts';
import type { Written } from './written.ts';

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
