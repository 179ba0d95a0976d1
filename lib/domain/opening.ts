// Opening: checks its time and its pace. It is counted once, and answered again within ten minutes in case the answer was lost.
import type { Payload } from '../statements/kinds.ts';
import { clockFault, MINUTE, SECOND, type ClockFault, type Instant } from './time.ts';

/** The same opening within this time, in ms, is answered again and not counted. */
export const REPEAT_WINDOW = 10 * MINUTE;
/** How far `when` may be ahead of the server's clock, ms. It may be behind by this and {@link REPEAT_WINDOW}, so that a repeated opening is still accepted. */
export const OPENING_SKEW = MINUTE;

/** `when` must be close to the present, so that the claim of an opening is stored for longer than the opening can be repeated. */
export const openingClockFault = (when: number, now: Instant): ClockFault | undefined =>
  clockFault(when, now, { ahead: OPENING_SKEW, behind: REPEAT_WINDOW + OPENING_SKEW });

export const openingInTime = (when: number, now: Instant): boolean => openingClockFault(when, now) === undefined;

/** How many openings of one grant are accepted in a second. The limit slows down a recipient that sends very many, so that a revocation gets through. */
export const OPENINGS_A_SECOND = 20;

/** The number of openings of a grant in the last second that had any; `second` counts from 1970. */
export interface Pace {
  readonly second: number;
  readonly count: number;
}

/** Counts one opening more; undefined if the limit of this second is reached. */
export const nextPace = ({ second, count }: Pace, now: Instant): Pace | undefined => {
  const current = Math.floor(now / SECOND);
  if (current > second) return { second: current, count: 1 };
  return count < OPENINGS_A_SECOND ? { second, count: count + 1 } : undefined;
};

/** Whether no record is named twice, because opening n records counts as n. */
export const namesEachOnce = (p: Payload<'opening'>): boolean =>
  new Set(p.records.map((r) => `${r.record}#${r.version}`)).size === p.records.length;
