// Record version: decides whether the statement of its author may be accepted now.
import type { Payload } from '../statements/kinds.ts';
import type { RecordState } from './life-cycles.ts';
import { clockFault, DAY, MINUTE, type ClockFault, type Instant } from './time.ts';

/** An upload that is not committed within this time, in ms, is removed. */
export const UPLOAD_LIFE = DAY;
/** A record statement signed longer ago than this, in ms, is refused at commit. */
export const LONGEST_DELAY = DAY;
/** How far the clock of an author may be ahead, ms. */
export const CLOCK_TOLERANCE = 5 * MINUTE;

export interface RecordStatus {
  readonly latest: number;
  /** Hash of the latest version's statement. */
  readonly latestHash: string;
}

/** Whether a record's time is refused. It may be a day behind because of a wrong clock or a slow upload. */
export const createdClockFault = (created: number, now: Instant): ClockFault | undefined =>
  clockFault(created, now, { ahead: CLOCK_TOLERANCE, behind: LONGEST_DELAY });

/**
 * Why no version of this number can be filed: `already-exists` if the record is deleted, or if version 1 exists already, and `version-conflict` if the
 * number does not follow the latest version.
 */
export const versionFault = (
  version: number,
  head: { readonly latest: number; readonly state: RecordState } | undefined,
): 'already-exists' | 'version-conflict' | undefined => {
  if (head !== undefined && (head.state === 'deleted' || version === 1)) return 'already-exists';
  return version === (head?.latest ?? 0) + 1 ? undefined : 'version-conflict';
};

/** Whether the statement follows the latest version: version 1 names no previous version, every later one names the version before. */
export const continues = (p: Payload<'record'>, head: RecordStatus | undefined): boolean =>
  head === undefined
    ? p.version === 1 && p.previous === undefined
    : p.version === head.latest + 1 && p.previous === head.latestHash;
