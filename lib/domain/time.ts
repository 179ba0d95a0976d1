// Time: defines instants and durations in ms. Each function gets the present time as an argument.
import type { Brand } from '../bytes/ids.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Brand<number, 'Instant'>;
export const instantOf = (ms: number): Instant => ms as Instant;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The direction in which a signed time is too far from the service's clock. */
export type ClockFault = 'ahead' | 'behind';

/**
 * Compares a signed time with the clock.
 * @param most how many milliseconds the time may be ahead or behind; a time that is exactly `behind` ms old is refused
 * @returns undefined if the time is accepted
 */
export const clockFault = (
  time: number,
  now: Instant,
  most: { readonly ahead: number; readonly behind: number },
): ClockFault | undefined => {
  if (time > now + most.ahead) return 'ahead';
  return time <= now - most.behind ? 'behind' : undefined;
};
