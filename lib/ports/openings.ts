// Openings: the port through which the use case recapsulate reads everything that an opening needs, in one consistent read, and counts the opening.
import type { IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { GrantStatus } from '../domain/grant.ts';
import type { Heads } from '../domain/statement-chain.ts';
import type { Pace } from '../domain/opening.ts';
import type { Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { StoredCell, StoredWrap } from './cells.ts';
import type { StoredIdentity } from './identities.ts';
import type { StoredKeyFragment } from './key-fragments.ts';
import type { StoredVersion } from './records.ts';
import type { Written } from './written.ts';

/** The stored state that an opening needs, from one consistent read. A member is undefined if its item does not exist. */
export interface OpeningView {
  readonly caller: StoredIdentity | undefined;
  /** The grant that the opening names. The member is also undefined if the right of the grant does not open records. */
  readonly grant:
    | (GrantStatus & {
        readonly patient: IdentityId;
        readonly recipient: IdentityId;
        /** Public keys, base64url: in `receiving` the recipient's receiving key, and in `verifying` the patient's key fragment signer. */
        readonly receiving: string;
        readonly verifying: string;
        readonly pace: Pace;
      })
    | undefined;
  /** The key fragment of the cell, as `KeyFragments.find` would return it. It is read in the same call as the rest. */
  readonly keyFragment: StoredKeyFragment | undefined;
  readonly cell: StoredCell | undefined;
  readonly head: Heads;
  /** Versions and wraps are in the order of the opening's records. */
  readonly versions: readonly (StoredVersion | undefined)[];
  readonly wraps: readonly (StoredWrap | undefined)[];
  /** The claim of this opening id by this caller, if there is one. */
  readonly claim: { readonly statement: StatementHash; readonly at: number } | undefined;
}

export interface Openings {
  read(opening: Statement<'opening'>): Promise<OpeningView>;
  /**
   * Counts the opening, stores its event and claims its id, in one transaction. Conditions: the grant is live and has enough openings left (`grant-ended`,
   * `grant-not-begun`), and the rate limit of this second is not reached (`too-many`).
   */
  record(opening: Statement<'opening'>, seen: OpeningView, event: EventDraft, call: Call): Promise<Written>;
}
