// In-memory port of extensions of grants, alone or together with the cell that they add.
import { AppError } from '../../../lib/api/errors.ts';
import { livenessAt } from '../../../lib/domain/grant.ts';
import type { Instant } from '../../../lib/domain/time.ts';
import type { NewExtension, StoredKeyFragment } from '../../../lib/ports/index.ts';
import { cellText, type GrantRow, type State } from './state.ts';
import { unless, type Refusal } from './transaction.ts';

const ended = (row: GrantRow | undefined, now: Instant): Refusal | undefined => {
  if (row === undefined) return new AppError('not-found');
  const { state, expires } = row.status;
  if (state !== 'revoked' && expires > now) return undefined;
  const live = livenessAt(row.status, now);
  if (live.live || live.reason === 'not-begun') return new AppError('grant-not-begun', { serverTime: now });
  return new AppError('grant-ended', { reason: live.reason });
};

export const extending = (state: State, { statement, kfrags }: NewExtension, now: Instant) => {
  const { payload: p, hash, jws } = statement;
  const row = state.grants.get(p.grant);
  const outdated = row?.extended.hash === hash ? 'repeated' : new AppError('statement-outdated');
  const follows = row?.extended.number === p.number - 1 && row.extended.hash === p.previous;
  const isNew = p.cells.every((c) => row?.cells.has(cellText(c)) !== true);
  return {
    conditions: [ended(row, now), unless(follows, outdated), unless(isNew, new AppError('already-exists'))],
    effect: (): void => {
      if (row === undefined) return;
      const cells = new Map(row.cells);
      const kept = new Map(row.kfrags);
      for (const [i, { folder, epoch }] of p.cells.entries()) {
        cells.set(cellText({ folder, epoch }), { folder, epoch, ...(i === 0 ? { extension: jws } : {}) });
        kept.set(cellText({ folder, epoch }), kfrags[i]! as StoredKeyFragment);
      }
      state.grants.set(p.grant, { ...row, cells, kfrags: kept, extended: { number: p.number, hash } });
    },
  };
};
