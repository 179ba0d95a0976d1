// Tests the history of grants that the client derives from the trail.
import { expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { isCarriedOver } from '../../lib/client/access/carry-over.ts';
import type { Grant } from '../../lib/client/access/verify-grant.ts';
import { grantHistory } from '../../lib/client/audit/grant-history.ts';
import type { Context } from '../../lib/client/session/context.ts';
import { createTrail, type TrailEntry } from '../../lib/client/session/trail.ts';

const [one, two] = [newId<GrantId>(), newId<GrantId>()];
const event = (kind: TrailEntry['kind'], subject: TrailEntry['subject'], statement = ''): TrailEntry =>
  ({ kind, subject, statement }) as TrailEntry;

test('lists the extensions of each grant in the order of the trail', () => {
  const { extensions } = grantHistory([
    event('grant-extended', { grant: one }, 'a'),
    event('epoch-started', { grants: [one, two] }, 'b'),
    event('grant-extended', { grant: one }, 'c'),
  ]);
  expect([...extensions]).toEqual([
    [one, ['a', 'b', 'c']],
    [two, ['b']],
  ]);
});

test('the check of which grants are carried over reads a trail once for many grants, and a longer trail again', () => {
  let reads = 0;
  const counted = (entries: TrailEntry[]): readonly TrailEntry[] =>
    Object.assign([...entries], {
      [Symbol.iterator]: function* (this: TrailEntry[]): Generator<TrailEntry> {
        reads += 1;
        for (let i = 0; i < this.length; i += 1) yield this[i]!;
      },
    });
  const trail = createTrail();
  const ctx = { trail, clock: { latest: () => 0 }, memory: { isRevoked: () => false } } as unknown as Context;
  const grant = { id: one, state: 'active', expires: 1, statement: { payload: {} } } as unknown as Grant;
  const carried = () => Array.from({ length: 50 }, () => isCarriedOver(ctx)(grant));
  trail.keep(counted([event('access-granted', { grant: one })]));
  expect(new Set(carried())).toEqual(new Set([true]));
  expect(reads).toBe(1);
  trail.keep(counted([event('access-granted', { grant: one }), event('grant-returned', { grant: one })]));
  expect(new Set(carried())).toEqual(new Set([false]));
  expect(reads).toBe(2);
});
