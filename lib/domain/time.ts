// Instants and durations. The clock is always an argument.
import type { Brand } from '../bytes/ids.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Brand<number, 'Instant'>;
export const instantOf = (ms: number): Instant => ms as Instant;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
