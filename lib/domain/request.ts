// Request for access: checks its content, and derives its state. A request is pending until somebody answers or withdraws it, or until its end.
import type { Payload } from '../statements/kinds.ts';
import type { RequestState } from './life-cycles.ts';
import { clockFault, DAY, HOUR, type ClockFault, type Instant } from './time.ts';

/** The longest time that a request may be pending, ms. */
export const LONGEST_WAIT = 90 * DAY;

export interface RequestStatus {
  readonly state: RequestState;
  readonly until: number;
}

/** Returns the state at `now`. A pending request whose end has passed counts as expired; the stored state does not change. */
export const requestStateAt = (r: RequestStatus, now: Instant): RequestState | 'expired' =>
  r.state === 'pending' && now >= r.until ? 'expired' : r.state;

export const isOpen = (r: RequestStatus, now: Instant): boolean => requestStateAt(r, now) === 'pending';

/** Returns `behind` if the end of a request has passed, and `ahead` if it is more than 90 days ahead; undefined if the end is accepted. */
export const untilClockFault = (until: number, now: Instant): ClockFault | undefined =>
  clockFault(until, now, { ahead: LONGEST_WAIT, behind: 0 });

const isDistinct = (list: readonly string[]): boolean => new Set(list).size === list.length;

/**
 * Returns the member that makes a request invalid at this time and at this deployment; undefined if the request is valid.
 * @param at.service the service key of the deployment. A request for another deployment is refused, because its recipient did not ask for access here
 */
export const requestFault = (
  p: Payload<'request'>,
  at: { readonly now: Instant; readonly service: string },
): keyof Payload<'request'> | undefined => {
  if (untilClockFault(p.until, at.now) !== undefined) return 'until';
  if (p.service !== at.service) return 'service';
  if (p.recipient === p.patient) return 'recipient';
  if (!isDistinct(p.rights)) return 'rights';
  if ('folders' in p.scope && !isDistinct(p.scope.folders)) return 'scope';
  if ('categories' in p.scope && !isDistinct(p.scope.categories)) return 'scope';
  return undefined;
};

/** How many requests one recipient may make in an hour, to all patients together. */
export const REQUESTS_AN_HOUR = 120;

/** How many requests a recipient made in one hour. `hour` is the number of this hour since 1970; it is the last one that had a request. */
export interface RequestPace {
  readonly hour: number;
  readonly made: number;
}

/** Adds one request to the count of the current hour. Returns undefined if the limit of this hour is reached. */
export const nextRequestPace = ({ hour, made }: RequestPace, now: Instant): RequestPace | undefined => {
  const current = Math.floor(now / HOUR);
  if (current > hour) return { hour: current, made: 1 };
  return made < REQUESTS_AN_HOUR ? { hour, made: made + 1 } : undefined;
};
