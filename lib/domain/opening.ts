// An opening is answered once, and again within a while if the answer got lost.
import type { Payload } from '../statements/kinds.ts';
import { clockFault, MINUTE, SECOND, type ClockFault, type Instant } from './time.ts';

/** The same opening again within this time is answered and not counted. */
export const REPEAT_WINDOW = 10 * MINUTE;
/** How far `when` may be from the server's clock. */
export const OPENING_SKEW = MINUTE;

/** `when` must be near now, so that a claim outlives every opening it could be confused with. */
export const openingClockFault = (when: number, now: Instant): ClockFault | undefined =>
  clockFault(when, now, { ahead: OPENING_SKEW, behind: REPEAT_WINDOW + OPENING_SKEW });

export const openingInTime = (when: number, now: Instant): boolean => openingClockFault(when, now) === undefined;

/** Openings that one grant may begin in a second. A recipient that floods is slowed down, so that the patient's revocation finds its place. */
export const OPENINGS_A_SECOND = 20;

/** How many openings a grant began in which second. */
export interface Pace {
  readonly second: number;
  readonly count: number;
}

/** The pace with one opening more; undefined when the second has had its share. */
export const nextPace = ({ second, count }: Pace, now: Instant): Pace | undefined => {
  const current = Math.floor(now / SECOND);
  if (current > second) return { second: current, count: 1 };
  return count < OPENINGS_A_SECOND ? { second, count: count + 1 } : undefined;
};

/** No record twice: a batch of n counts n. */
export const namesEachOnce = (p: Payload<'opening'>): boolean =>
  new Set(p.records.map((r) => `${r.record}#${r.version}`)).size === p.records.length;
