// An opening is answered once, and again within a while if the answer got lost.
import type { Payload } from '../statements/kinds.ts';
import { MINUTE, type Instant } from './time.ts';

/** The same opening again within this time is answered and not counted. */
export const REPEAT_WINDOW = 10 * MINUTE;
/** How far `when` may be from the server's clock. */
export const OPENING_SKEW = MINUTE;

/** `when` must be near now, so that a claim outlives every opening it could be confused with. */
export const openingInTime = (when: number, now: Instant): boolean =>
  when <= now + OPENING_SKEW && when > now - REPEAT_WINDOW - OPENING_SKEW;

/** No record twice: a batch of n counts n. */
export const namesEachOnce = (p: Payload<'opening'>): boolean =>
  new Set(p.records.map((r) => `${r.record}#${r.version}`)).size === p.records.length;
