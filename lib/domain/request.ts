// Request for access: checks its content, and derives its state. It is pending until it is answered or reaches its end.
import type { Payload } from '../statements/kinds.ts';
import type { RequestState } from './life-cycles.ts';
import { clockFault, DAY, HOUR, type ClockFault, type Instant } from './time.ts';

/** For how long a request may be pending at most, ms. */
export const LONGEST_WAIT = 90 * DAY;

export interface RequestStatus {
  readonly state: RequestState;
  readonly until: number;
}

/** The state at `now`. A pending request whose end has passed is expired; the stored state does not change. */
export const requestStateAt = (r: RequestStatus, now: Instant): RequestState | 'expired' =>
  r.state === 'pending' && now >= r.until ? 'expired' : r.state;

export const isOpen = (r: RequestStatus, now: Instant): boolean => requestStateAt(r, now) === 'pending';

/** Whether the end of a request is refused, because it has passed or is more than 90 days ahead. */
export const untilClockFault = (until: number, now: Instant): ClockFault | undefined =>
  clockFault(until, now, { ahead: LONGEST_WAIT, behind: 0 });

const isDistinct = (list: readonly string[]): boolean => new Set(list).size === list.length;

/** The member by which a request is invalid in itself; undefined if it is valid. */
export const requestFault = (p: Payload<'request'>, now: Instant): keyof Payload<'request'> | undefined => {
  if (untilClockFault(p.until, now) !== undefined) return 'until';
  if (p.recipient === p.patient) return 'recipient';
  if (!isDistinct(p.rights)) return 'rights';
  if ('folders' in p.scope && !isDistinct(p.scope.folders)) return 'scope';
  if ('categories' in p.scope && !isDistinct(p.scope.categories)) return 'scope';
  return undefined;
};

/** How many requests one recipient may make in an hour, to all patients together. */
export const REQUESTS_AN_HOUR = 120;

/** The number of requests of a recipient in the last hour that had any; `hour` counts from 1970. */
export interface RequestPace {
  readonly hour: number;
  readonly made: number;
}

/** Counts one request more; undefined if the limit of this hour is reached. */
export const nextRequestPace = ({ hour, made }: RequestPace, now: Instant): RequestPace | undefined => {
  const current = Math.floor(now / HOUR);
  if (current > hour) return { hour: current, made: 1 };
  return made < REQUESTS_AN_HOUR ? { hour, made: made + 1 } : undefined;
};
