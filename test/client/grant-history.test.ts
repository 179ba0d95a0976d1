// Tests the history of grants that the client derives from the trail.
import { expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { goesOn } from '../../lib/client/access/goes-on.ts';
import type { GivenGrant } from '../../lib/client/chain/given-access.ts';
import type { Context } from '../../lib/client/session/context.ts';
import { createTrail, type TrailEntry } from '../../lib/client/session/verified-trail.ts';

const one = newId<GrantId>();
const event = (kind: TrailEntry['kind'], subject: TrailEntry['subject'] = { grant: one }): TrailEntry =>
  ({ kind, subject }) as TrailEntry;

const setUp = (openings?: number) => {
  const trail = createTrail();
  const ctx = { trail, clock: { latest: () => 0 }, memory: { isRevoked: () => false } } as unknown as Context;
  const payload = { grant: one, expires: 1, ...(openings === undefined ? {} : { openings }) };
  const grant = { statement: { payload } } as unknown as GivenGrant;
  return { trail, goesOn: () => goesOn(ctx)(grant) };
};

test.each(['grant-returned', 'grant-revoked'] as const)('a grant does not go on after %s', (kind) => {
  const grant = setUp();
  grant.trail.keep([event('access-granted')]);
  expect(grant.goesOn()).toBe(true);
  grant.trail.keep([event('access-granted'), event(kind)]);
  expect(grant.goesOn()).toBe(false);
});

test('a grant does not go on after all its openings, which are counted by records', () => {
  const grant = setUp(3);
  const opened = (n: number) => event('records-opened', { grant: one, records: Array.from({ length: n }) as never });
  grant.trail.keep([opened(2)]);
  expect(grant.goesOn()).toBe(true);
  grant.trail.keep([opened(2), opened(1)]);
  expect(grant.goesOn()).toBe(false);
});

test('the check of which grants go on reads a trail once for many grants, and a longer trail again', () => {
  let reads = 0;
  const counted = (entries: TrailEntry[]): readonly TrailEntry[] =>
    Object.assign([...entries], {
      [Symbol.iterator]: function* (this: TrailEntry[]): Generator<TrailEntry> {
        reads += 1;
        for (let i = 0; i < this.length; i += 1) yield this[i]!;
      },
    });
  const grant = setUp();
  const several = () => Array.from({ length: 50 }, grant.goesOn);
  grant.trail.keep(counted([event('access-granted')]));
  expect(new Set(several())).toEqual(new Set([true]));
  expect(reads).toBe(1);
  grant.trail.keep(counted([event('access-granted'), event('grant-returned')]));
  expect(new Set(several())).toEqual(new Set([false]));
  expect(reads).toBe(2);
});
