// Derives the history of grants from a verified trail: ends, pauses and resumptions, extensions, and the number of records opened.
import type { GrantId } from '../../bytes/ids.ts';
import type { StatementHash } from '../../statements/kinds.ts';
import type { TrailEntry } from '../session/trail.ts';

export interface GrantHistory {
  /** Grants that were revoked or returned. */
  readonly ended: ReadonlySet<GrantId | undefined>;
  /** How often a grant was paused or resumed. */
  readonly holds: ReadonlyMap<GrantId | undefined, number>;
  /** How many records were opened by a grant. */
  readonly opened: ReadonlyMap<GrantId | undefined, number>;
  /** The statements that added cells to a grant, in the order of the trail. */
  readonly extensions: ReadonlyMap<GrantId | undefined, readonly StatementHash[]>;
}

/** The grants that an event extended: one by an extension, or several by a new epoch. */
const extendedBy = ({ kind, subject: { grant, grants = [] } }: TrailEntry): readonly GrantId[] =>
  kind === 'grant-extended' && grant !== undefined ? [grant] : grants;

const derive = (trail: readonly TrailEntry[]): GrantHistory => {
  const ended = new Set<GrantId | undefined>();
  const holds = new Map<GrantId | undefined, number>();
  const opened = new Map<GrantId | undefined, number>();
  const extensions = new Map<GrantId | undefined, StatementHash[]>();
  for (const entry of trail) {
    const { kind, subject, statement } = entry;
    const { grant, records = [] } = subject;
    if (kind === 'records-opened') opened.set(grant, (opened.get(grant) ?? 0) + records.length);
    if (kind === 'grant-revoked' || kind === 'grant-returned') ended.add(grant);
    if (kind === 'grant-paused' || kind === 'grant-resumed') holds.set(grant, (holds.get(grant) ?? 0) + 1);
    for (const id of extendedBy(entry)) {
      const known = extensions.get(id);
      if (known === undefined) extensions.set(id, [statement]);
      else known.push(statement);
    }
  }
  return { ended, holds, opened, extensions };
};

const histories = new WeakMap<readonly TrailEntry[], GrantHistory>();

/** Derives the history. It keeps the result for each list of events, because such a list never changes: a longer trail is a new list. */
export const grantHistory = (trail: readonly TrailEntry[]): GrantHistory => {
  const history = histories.get(trail) ?? derive(trail);
  histories.set(trail, history);
  return history;
};
