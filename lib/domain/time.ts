// Time: defines instants and durations in ms. Every function gets the time as an argument.
import type { Brand } from '../bytes/ids.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Brand<number, 'Instant'>;
export const instantOf = (ms: number): Instant => ms as Instant;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Whether a signed time is too far ahead of the service's clock or too far behind it. */
export type ClockFault = 'ahead' | 'behind';

/** @param most milliseconds that are accepted; a time exactly `behind` ms old is refused. @returns undefined if the time is accepted */
export const clockFault = (
  time: number,
  now: Instant,
  most: { readonly ahead: number; readonly behind: number },
): ClockFault | undefined => {
  if (time > now + most.ahead) return 'ahead';
  return time <= now - most.behind ? 'behind' : undefined;
};
