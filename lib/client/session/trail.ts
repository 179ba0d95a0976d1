// The verified trail as a client keeps it, and what can be asked of it: who opened what, when, and for what purpose.
import type { FolderId, IdentityId, RecordId } from '../../bytes/ids.ts';
import { purposesIn, type AuditEvent } from '../../domain/audit-chain.ts';
import type { Purpose } from '../../statements/fields.ts';
import type { Jws } from '../../statements/kinds.ts';

/** A verified event. `evidence` is the actor's signed statement where the trail carries it: openings, and what ends or holds something. */
export interface TrailEntry extends AuditEvent {
  readonly hash: string;
  readonly evidence?: string;
}

/** Plain JSON. Holds no secret, but everything that happened with the owner's records, by ids. */
export interface TrailSnapshot {
  readonly entries: readonly TrailEntry[];
  readonly checkpoints: readonly Jws[];
}

/** What was verified, in its order. The caller keeps it (`export()`) and gives it back next time. */
export interface Trail {
  readonly entries: () => readonly TrailEntry[];
  readonly keep: (entries: readonly TrailEntry[]) => void;
  readonly checkpoints: () => readonly Jws[];
  readonly keepCheckpoint: (checkpoint: Jws) => void;
  readonly export: () => TrailSnapshot;
}

export const createTrail = (from: TrailSnapshot = { entries: [], checkpoints: [] }): Trail => {
  let entries: readonly TrailEntry[] = [...from.entries];
  const checkpoints = new Set(from.checkpoints);
  return {
    entries: () => entries,
    keep: (verified) => {
      entries = verified;
    },
    checkpoints: () => [...checkpoints],
    keepCheckpoint: (checkpoint) => void checkpoints.add(checkpoint),
    export: () => ({ entries: [...entries], checkpoints: [...checkpoints] }),
  };
};

/** One record that somebody opened at least once; whoever opened it may have kept it. */
export interface RecordOpening {
  readonly record: RecordId;
  readonly version: number;
  readonly folder: FolderId;
  readonly opener: IdentityId;
  /** Of the grant; none for the patient's own openings. */
  readonly purpose?: Purpose;
  /** By the service's clock, milliseconds since 1970. */
  readonly at: number;
  readonly seq: number;
}

/** Everything that is given must hold. */
export interface OpeningFilter {
  readonly record?: RecordId;
  readonly folder?: FolderId;
  readonly opener?: IdentityId;
  readonly purpose?: Purpose;
  /** Milliseconds since 1970; both included. */
  readonly from?: number;
  readonly to?: number;
}

/** Who opened what, when, and for what purpose, over a verified trail. */
export const openingsIn = (trail: readonly TrailEntry[], filter: OpeningFilter = {}): readonly RecordOpening[] => {
  const purposes = purposesIn(trail);
  const opened = trail.flatMap(({ kind, subject, actor, at, seq }): readonly RecordOpening[] => {
    if (kind !== 'records-opened' || subject.folder === undefined) return [];
    const { folder, grant } = subject;
    const purpose = grant === undefined ? undefined : purposes.get(grant);
    return (subject.records ?? []).map(({ record, version }) => ({
      record,
      version,
      folder,
      opener: actor,
      ...(purpose === undefined ? {} : { purpose }),
      at,
      seq,
    }));
  });
  const { from = 0, to = Number.MAX_SAFE_INTEGER, ...members } = filter;
  const wanted = Object.entries(members) as [keyof typeof members, string | undefined][];
  return opened.filter(
    (o) => o.at >= from && o.at <= to && wanted.every(([name, value]) => value === undefined || o[name] === value),
  );
};
