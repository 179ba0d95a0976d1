// Tests the grant store: creating, pausing, revoking and listing grants.
import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type GrantId, type IdentityId } from '../../../lib/bytes/ids.ts';
import { DAY } from '../../../lib/domain/time.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import type { StoredGrant } from '../../../lib/ports/index.ts';
import {
  callOf,
  cellOf,
  eventOf,
  fake,
  grantOf,
  newIdentity,
  NOW,
  openStores,
  refusal,
  withKFrags,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const create = (...statements: readonly Statement<'grant'>[]) => {
  const patient = statements[0]!.payload.patient;
  return stores.grants.create(
    statements.map(withKFrags),
    undefined,
    statements.map((s) => eventOf('access-granted', patient, { statement: s.hash })),
    callOf(patient),
  );
};

const stored = async (s: Statement<'grant'>): Promise<StoredGrant> => {
  const found = await stores.grants.find(s.payload.grant);
  if (found === undefined) throw new Error('not stored');
  return found;
};

const revocationOf = (s: Statement<'grant'>, when = NOW) =>
  fake('revocation', s.payload.patient, { patient: s.payload.patient, grant: s.payload.grant, of: s.hash, when });

const revoke = async (s: Statement<'grant'>, revocation = revocationOf(s)) =>
  stores.grants.revoke(
    await stored(s),
    revocation,
    eventOf('grant-revoked', s.payload.patient, { statement: revocation.hash }),
    callOf(s.payload.patient),
  );

const pause = async (s: Statement<'grant'>) => {
  const { patient, grant } = s.payload;
  const statement = fake('pause', patient, { patient, grant, of: s.hash, number: 1, when: NOW });
  return stores.grants.hold(await stored(s), statement, eventOf('grant-paused', patient), callOf(patient));
};

const fragmentOf = ({ payload: { grant, cells } }: Statement<'grant'>) => stores.keyFragments.find(grant, cells[0]!);

const listed = async (
  as: 'patient' | 'recipient',
  id: IdentityId,
  state?: 'active' | 'paused' | 'expired' | 'revoked',
  now = NOW,
) => (await stores.grants.list(as, id, state, now, {})).items.map((g) => g.statement.hash);

describe('grants', () => {
  test('a new grant is active and unused', async () => {
    const statement = grantOf(newIdentity(), newIdentity(), { openings: 7 });
    const { notBefore, expires } = statement.payload;
    expect(await create(statement)).toEqual({ repeated: false });
    expect(await stored(statement)).toEqual({
      statement,
      status: { state: 'active', notBefore, expires, limit: 7, used: 0 },
      extended: { number: 0, hash: statement.hash },
      held: { number: 0 },
      pace: { second: 0, count: 0 },
    });
    expect(await stores.grants.find(newId<GrantId>())).toBeUndefined();
  });

  test('a grant without a maximum of openings has no `limit`', async () => {
    const statement = grantOf(newIdentity(), newIdentity());
    await create(statement);
    expect((await stored(statement)).status).not.toHaveProperty('limit');
  });

  test('refuses a second statement under the same id', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const statement = grantOf(patient, recipient);
    await create(statement);
    expect(await create(statement)).toEqual({ repeated: true });
    const other = grantOf(patient, recipient, { grant: statement.payload.grant, expires: NOW + 2 * DAY });
    expect(await refusal(create(other))).toBe('already-exists');
    const thief = newIdentity();
    expect(await refusal(create(grantOf(thief, recipient, { grant: statement.payload.grant })))).toBe('already-exists');
    expect((await stores.audit.list(patient, {}, {})).items).toHaveLength(1);
  });

  test('creates several grants together or none; only a call with exactly the same grants is a repetition', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const [one, two] = [grantOf(patient, recipient), grantOf(patient, recipient)];
    await create(one);
    expect(await refusal(create(one, two))).toBe('already-exists');
    expect(await stores.grants.find(two.payload.grant)).toBeUndefined();
    const [three, four] = [grantOf(patient, recipient), grantOf(patient, recipient)];
    expect(await create(three, four)).toEqual({ repeated: false });
    expect(await create(three, four)).toEqual({ repeated: true });
    expect((await stores.audit.list(patient, {}, {})).items).toHaveLength(3);
  });

  test('stores and revokes 80 cells in one transaction', async () => {
    const statement = grantOf(newIdentity(), newIdentity(), { cells: Array.from({ length: 80 }, () => cellOf()) });
    await create(statement);
    expect(await fragmentOf(statement)).toHaveLength(414);
    expect(await revoke(statement)).toEqual({ repeated: false });
    expect((await stored(statement)).status.state).toBe('revoked');
    expect(await fragmentOf(statement)).toBeUndefined();
  });

  test('revoking again is a repetition, with the same or another statement', async () => {
    const statement = grantOf(newIdentity(), newIdentity());
    await create(statement);
    await revoke(statement);
    expect(await revoke(statement)).toEqual({ repeated: true });
    expect(await revoke(statement, revocationOf(statement, NOW + 1))).toEqual({ repeated: true });
    const { items } = await stores.audit.list(statement.payload.patient, {}, {});
    expect(items.map((e) => e.evidence)).toEqual([undefined, revocationOf(statement).jws]);
  });

  test('refuses the revocation of a grant that was never stored', async () => {
    const statement = grantOf(newIdentity(), newIdentity());
    const status = { state: 'active', notBefore: 0, expires: NOW + DAY, used: 0 } as const;
    const notStored: StoredGrant = {
      statement,
      status,
      extended: { number: 0, hash: statement.hash },
      held: { number: 0 },
      pace: { second: 0, count: 0 },
    };
    const { patient } = statement.payload;
    const revocation = revocationOf(statement);
    const attempt = stores.grants.revoke(notStored, revocation, eventOf('grant-revoked', patient), callOf(patient));
    expect(await refusal(attempt)).toBe('not-found');
    expect(await stores.grants.find(statement.payload.grant)).toBeUndefined();
  });

  test('lists grants by state for both parties', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const long = grantOf(patient, recipient, { expires: NOW + 2 * DAY });
    const short = grantOf(patient, recipient, { expires: NOW + 1_000 });
    const revoked = grantOf(patient, recipient);
    for (const g of [long, short, revoked]) await create(g);
    await revoke(revoked);
    for (const [as, id] of [
      ['patient', patient],
      ['recipient', recipient],
    ] as const) {
      expect(new Set(await listed(as, id))).toEqual(new Set([long, short, revoked].map((s) => s.hash)));
      expect(await listed(as, id, 'active', NOW + 999)).toEqual([short.hash, long.hash]);
      expect(await listed(as, id, 'active', NOW + 1_000)).toEqual([long.hash]);
      expect(await listed(as, id, 'expired', NOW + 999)).toEqual([]);
      expect(await listed(as, id, 'expired', NOW + 1_000)).toEqual([short.hash]);
      expect(await listed(as, id, 'revoked')).toEqual([revoked.hash]);
    }
    expect(await listed('patient', recipient)).toEqual([]);
    expect(await listed('recipient', patient)).toEqual([]);
    const first = await stores.grants.list('patient', patient, undefined, NOW, { limit: 2 });
    const rest = await stores.grants.list('patient', patient, undefined, NOW, { limit: 2, cursor: first.next });
    expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, undefined]);
    expect(rest.items[0]?.status.state).toBe('revoked');
  });

  test('lists paused grants as expired after their end, and pages continue from active to paused ones', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const grants = [1, 2, 3, 4].map((n) => grantOf(patient, recipient, { expires: NOW + n }));
    const long = grantOf(patient, recipient, { expires: NOW + DAY });
    for (const g of [...grants, long]) await create(g);
    for (const g of [grants[0]!, grants[1]!, long]) await pause(g);
    expect(await listed('patient', patient, 'paused', NOW + 2)).toEqual([long.hash]);
    expect(await listed('patient', patient, 'expired', NOW + 2)).toEqual([grants[0]!.hash, grants[1]!.hash]);
    const all = [grants[2]!, grants[3]!, grants[0]!, grants[1]!].map((g) => g.hash);
    expect(await listed('recipient', recipient, 'expired', NOW + 4)).toEqual(all);
    for (const limit of [1, 2, 3]) {
      const pages: (readonly string[])[] = [];
      for (let cursor: string | undefined; ;) {
        const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
        const { items, next } = await stores.grants.list('patient', patient, 'expired', NOW + 4, page);
        pages.push(items.map((g) => g.statement.hash));
        cursor = next;
        if (cursor === undefined) break;
      }
      expect(pages.flat()).toEqual(all);
      expect(Math.max(...pages.map((p) => p.length))).toBe(limit);
    }
  });
});
