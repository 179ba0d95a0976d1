// Stores the verified audit trail, and finds openings in it: who opened which record, when, and for which purpose.
import type { FolderId, IdentityId, RecordId } from '../../bytes/ids.ts';
import { purposesIn, type AuditEvent } from '../../domain/audit-chain.ts';
import type { Purpose } from '../../statements/fields.ts';
import type { Jws } from '../../statements/kinds.ts';

/** A verified event. `evidence` is the statement that the actor signed. */
export interface TrailEntry extends AuditEvent {
  readonly hash: string;
  readonly evidence?: string;
}

/** A plain JSON value without secrets. It contains every event of the owner's records, with ids, so it is private. */
export interface TrailSnapshot {
  readonly entries: readonly TrailEntry[];
  readonly checkpoints: readonly Jws[];
}

/** The verified events in order. The caller stores them (`export()`) and passes them to {@link createTrail} at the next start. */
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

/** One opening of one record version. The opener may keep a copy of what it opened. */
export interface RecordOpening {
  readonly record: RecordId;
  readonly version: number;
  readonly folder: FolderId;
  readonly opener: IdentityId;
  /** The purpose of the grant. Absent for the patient's own openings. */
  readonly purpose?: Purpose;
  /** By the service's clock, milliseconds since 1970. */
  readonly at: number;
  readonly seq: number;
}

/** An opening matches if it satisfies every member that is present. */
export interface OpeningFilter {
  readonly record?: RecordId;
  readonly folder?: FolderId;
  readonly opener?: IdentityId;
  readonly purpose?: Purpose;
  /** Milliseconds since 1970. Both ends are included. */
  readonly from?: number;
  readonly to?: number;
}

/** Finds openings in a verified trail: who opened which record, when, and for which purpose. */
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
