// Record version: decides whether an author's record statement may be accepted now.
import type { Payload } from '../statements/kinds.ts';
import type { RecordState } from './life-cycles.ts';
import { clockFault, DAY, MINUTE, type ClockFault, type Instant } from './time.ts';

/** The service removes an upload that is not committed within this time, ms. */
export const UPLOAD_LIFE = DAY;
/** How long an upload URL is valid, ms. */
export const UPLOAD_URL_LIFE = 15 * MINUTE;
/** After this time, ms, the storage accepts no upload URL any more. It includes one minute, because the clocks of service and storage may differ. */
export const UPLOAD_URL_END = UPLOAD_URL_LIFE + MINUTE;
/** At commit, the service refuses a record statement that was signed longer ago than this, ms. */
export const LONGEST_DELAY = DAY;
/** How far the clock of an author may be ahead of the service's, ms. */
export const CLOCK_TOLERANCE = 5 * MINUTE;

export interface RecordStatus {
  readonly latest: number;
  /** Hash of the latest version's statement. */
  readonly latestHash: string;
}

/**
 * Returns in which direction the creation time of a record is too far from the present; undefined if it is not. The creation time may be up to a day ago,
 * because of a wrong clock or a slow upload.
 */
export const createdClockFault = (created: number, now: Instant): ClockFault | undefined =>
  clockFault(created, now, { ahead: CLOCK_TOLERANCE, behind: LONGEST_DELAY });

/**
 * Returns why no version with this number can be filed: `already-exists` if the record is deleted, or if version 1 exists already; `version-conflict` if
 * the number does not follow the latest version.
 */
export const versionFault = (
  version: number,
  head: { readonly latest: number; readonly state: RecordState } | undefined,
): 'already-exists' | 'version-conflict' | undefined => {
  if (head !== undefined && (head.state === 'deleted' || version === 1)) return 'already-exists';
  return version === (head?.latest ?? 0) + 1 ? undefined : 'version-conflict';
};

/** Whether the statement follows the latest version. Version 1 names no version before it; every later one names the version before it. */
export const continues = (p: Payload<'record'>, head: RecordStatus | undefined): boolean =>
  head === undefined
    ? p.version === 1 && p.previous === undefined
    : p.version === head.latest + 1 && p.previous === head.latestHash;
