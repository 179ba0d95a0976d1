// Derives from a verified trail which grants have ended, and how many records were opened under each.
import type { GrantId } from '../../bytes/ids.ts';
import type { TrailEntry } from '../session/verified-trail.ts';

export interface GrantHistory {
  /** Grants that were revoked or returned. */
  readonly ended: ReadonlySet<GrantId | undefined>;
  /** The number of records that were opened under each grant. */
  readonly opened: ReadonlyMap<GrantId | undefined, number>;
}

const derive = (trail: readonly TrailEntry[]): GrantHistory => {
  const ended = new Set<GrantId | undefined>();
  const opened = new Map<GrantId | undefined, number>();
  for (const { kind, subject } of trail) {
    const { grant, records = [] } = subject;
    if (kind === 'records-opened') opened.set(grant, (opened.get(grant) ?? 0) + records.length);
    if (kind === 'grant-revoked' || kind === 'grant-returned') ended.add(grant);
  }
  return { ended, opened };
};

const histories = new WeakMap<readonly TrailEntry[], GrantHistory>();

/** Derives the history of all grants in a trail. The result is cached for each trail, because the array never changes: a longer trail is a new array. */
export const grantHistory = (trail: readonly TrailEntry[]): GrantHistory => {
  const history = histories.get(trail) ?? derive(trail);
  histories.set(trail, history);
  return history;
};
