// A recipient's request: pending until answered or until its end.
import type { Payload } from '../statements/kinds.ts';
import type { RequestState } from './life.ts';
import { DAY, type Instant } from './time.ts';

/** A request may wait for an answer at most this long. */
export const LONGEST_WAIT = 90 * DAY;

export interface RequestStatus {
  readonly state: RequestState;
  readonly until: number;
}

/** A pending request past its end is expired; nothing has to run for that. */
export const requestStateAt = (r: RequestStatus, now: Instant): RequestState | 'expired' =>
  r.state === 'pending' && now >= r.until ? 'expired' : r.state;

export const isOpen = (r: RequestStatus, now: Instant): boolean => requestStateAt(r, now) === 'pending';

/** Why a request cannot be filed: the offending member, or undefined when it can. */
export const requestFault = (p: Payload<'request'>, now: Instant): keyof Payload<'request'> | undefined => {
  if (p.until <= now || p.until > now + LONGEST_WAIT) return 'until';
  if (p.recipient === p.patient) return 'recipient';
  if (new Set(p.scope.folders).size !== p.scope.folders.length) return 'scope';
  return undefined;
};
