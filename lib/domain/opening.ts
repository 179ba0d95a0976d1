// Opening: checks the time of an opening, and how many openings of a grant there are in a second. An opening is counted once. If the same opening comes
// again within ten minutes, it is answered again, because the first answer may be lost.
import type { Payload } from '../statements/kinds.ts';
import { clockFault, MINUTE, SECOND, type ClockFault, type Instant } from './time.ts';

/** For this time, in ms, the service answers the same opening again without counting it. */
export const REPEAT_WINDOW = 10 * MINUTE;
/**
 * How far `when` may be ahead of the service's clock, ms. `when` may be behind by the sum of this value and {@link REPEAT_WINDOW}, so that a repeated opening
 * is still accepted.
 */
export const OPENING_SKEW = MINUTE;

/**
 * Returns in which direction `when` is too far from the present; undefined if it is not. The claim of an opening is stored for longer than this limit, so the
 * service recognises every repeated opening that passes this check.
 */
export const openingClockFault = (when: number, now: Instant): ClockFault | undefined =>
  clockFault(when, now, { ahead: OPENING_SKEW, behind: REPEAT_WINDOW + OPENING_SKEW });

export const openingInTime = (when: number, now: Instant): boolean => openingClockFault(when, now) === undefined;

/**
 * How many openings of one grant the service accepts in a second. The limit slows down a recipient that sends very many openings, so that a revocation can be
 * stored between two of them.
 */
export const OPENINGS_A_SECOND = 20;

/**
 * How many openings of a grant the service accepted in one second. `second` is the number of this second since 1970; it is the last one that had an opening.
 */
export interface Pace {
  readonly second: number;
  readonly count: number;
}

/** Adds one opening to the count of the current second. Returns undefined if the limit of this second is reached. */
export const nextPace = ({ second, count }: Pace, now: Instant): Pace | undefined => {
  const current = Math.floor(now / SECOND);
  if (current > second) return { second: current, count: 1 };
  return count < OPENINGS_A_SECOND ? { second, count: count + 1 } : undefined;
};

/** Returns the time, ms since 1970, from which on the service answers no opening of a grant again. It is {@link REPEAT_WINDOW} after the last opening. */
export const repeatsEnd = ({ second }: Pace): number => (second + 1) * SECOND + REPEAT_WINDOW;

/** Whether an opening names each record version only once. An opening must do so, because opening n records counts as n. */
export const namesEachOnce = (p: Payload<'opening'>): boolean =>
  new Set(p.records.map((r) => `${r.record}#${r.version}`)).size === p.records.length;
