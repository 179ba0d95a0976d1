// A recipient's request: pending until answered or until its end.
import type { Payload } from '../statements/kinds.ts';
import type { RequestState } from './life-cycles.ts';
import { clockFault, DAY, HOUR, type ClockFault, type Instant } from './time.ts';

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

/** Whether the end of a request is refused: it has passed, or it is more than 90 days ahead. */
export const untilClockFault = (until: number, now: Instant): ClockFault | undefined =>
  clockFault(until, now, { ahead: LONGEST_WAIT, behind: 0 });

const isDistinct = (list: readonly string[]): boolean => new Set(list).size === list.length;

/** Why a request cannot be filed: the offending member, or undefined when it can. */
export const requestFault = (p: Payload<'request'>, now: Instant): keyof Payload<'request'> | undefined => {
  if (untilClockFault(p.until, now) !== undefined) return 'until';
  if (p.recipient === p.patient) return 'recipient';
  if (!isDistinct(p.rights)) return 'rights';
  if ('folders' in p.scope && !isDistinct(p.scope.folders)) return 'scope';
  if ('categories' in p.scope && !isDistinct(p.scope.categories)) return 'scope';
  return undefined;
};

/** Requests that one recipient may make in an hour, to whomever. */
export const REQUESTS_AN_HOUR = 120;

/** How many requests a recipient made in which hour, counted from 1970. */
export interface RequestPace {
  readonly hour: number;
  readonly made: number;
}

/** The pace with one request more; undefined when the hour has had its share. */
export const nextRequestPace = ({ hour, made }: RequestPace, now: Instant): RequestPace | undefined => {
  const current = Math.floor(now / HOUR);
  if (current > hour) return { hour: current, made: 1 };
  return made < REQUESTS_AN_HOUR ? { hour, made: made + 1 } : undefined;
};
