// Checks lists against the audit trail. The trail has what the patient's chain of statements does not have: who opened records under a grant, returns, the
// count of openings, and withdrawals.
import type { RequestId } from '../../bytes/ids.ts';
import { grantHistory, type GrantHistory } from './grant-history.ts';
import { check } from '../session/errors.ts';
import { hasNotEnded, type Grant } from '../access/verify-grant.ts';
import type { AccessRequest } from '../access/requests.ts';
import type { TrailEntry } from '../session/verified-trail.ts';

type Entries = readonly TrailEntry[];

/** The trail as it was before and after a list was read. A listed state must agree with the trail at some time between the two readings. */
export interface TrailBeforeAndAfter {
  readonly before: Entries;
  readonly after: Entries;
}

/** Checks that the states of grants agree with the trail. @throws {ClientError} `unverified` (`grant`) */
export const assertStates = (grants: readonly Grant[], { before, after }: TrailBeforeAndAfter): void => {
  const [past, now] = [grantHistory(before), grantHistory(after)];
  for (const grant of grants) {
    const { id, state, statement } = grant;
    const { openings = Infinity } = statement.payload;
    const usedUp = (history: GrantHistory): boolean => (history.opened.get(id) ?? 0) >= openings;
    check('grant', state !== 'exhausted' || usedUp(now));
    check('grant', !hasNotEnded(grant) || !usedUp(past));
    check('grant', state === 'revoked' ? now.ended.has(id) : !past.ended.has(id));
  }
};

const withdrawnIn = (trail: Entries): ReadonlySet<RequestId | undefined> =>
  new Set(trail.flatMap((e) => (e.kind === 'request-withdrawn' ? [e.subject.request] : [])));

/**
 * Marks the requests that were withdrawn according to the trail, because the list may be older than the trail. A request or withdrawal that the trail does not
 * have is an error.
 * @throws {ClientError} `unverified` (`request`)
 */
export const withWithdrawals = (
  requests: readonly AccessRequest[],
  { before, after }: TrailBeforeAndAfter,
): readonly AccessRequest[] => {
  const [past, now] = [withdrawnIn(before), withdrawnIn(after)];
  const made = new Set(after.flatMap((e) => (e.kind === 'access-requested' ? [e.statement] : [])));
  return requests.map((r) => {
    check('request', made.has(r.statement.hash));
    check('request', r.state !== 'withdrawn' || now.has(r.id));
    const isOpen = r.state === 'pending' || r.state === 'expired';
    return isOpen && past.has(r.id) ? { ...r, state: 'withdrawn' } : r;
  });
};
