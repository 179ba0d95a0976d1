// Tests the request store: creating, answering and listing requests, and the limits on pending requests.
import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type GrantId, type IdentityId } from '../../../lib/bytes/ids.ts';
import { DAY } from '../../../lib/domain/time.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import { encodeCursor } from '../../../lib/stores/dynamo/page.ts';
import type { StoredRequest } from '../../../lib/ports/index.ts';
import {
  callOf,
  eventOf,
  fake,
  grantOf,
  newIdentity,
  NOW,
  openStores,
  refusal,
  requestOf,
  withKFrags,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const create = (s: Statement<'request'>, now = NOW) =>
  stores.requests.create(
    s,
    eventOf('access-requested', s.payload.patient, { actor: s.payload.recipient, statement: s.hash }),
    callOf(s.payload.recipient, now),
  );

/** Sends the same request again while the answer is `busy`, as a client does: on a busy machine a call can lose all of its tries. */
const createWithRetries = async (s: Statement<'request'>): Promise<string> => {
  let answer: string;
  do answer = await refusal(create(s));
  while (answer === 'busy');
  return answer;
};

const stored = async (s: Statement<'request'>): Promise<StoredRequest> => {
  const found = await stores.requests.find(s.payload.request);
  if (found === undefined) throw new Error('not stored');
  return found;
};

const denialOf = (s: Statement<'request'>, when = NOW) =>
  fake('denial', s.payload.patient, { patient: s.payload.patient, request: s.payload.request, of: s.hash, when });

const deny = async (s: Statement<'request'>, now = NOW, denial = denialOf(s)) =>
  stores.requests.deny(
    await stored(s),
    denial,
    eventOf('request-denied', s.payload.patient, { statement: denial.hash }),
    callOf(s.payload.patient, now),
  );

const approve = async (
  s: Statement<'request'>,
  now = NOW,
  grants = [grantOf(s.payload.patient, s.payload.recipient)],
) =>
  stores.grants.create(
    grants.map(withKFrags),
    await stored(s),
    grants.map((g) => eventOf('access-granted', s.payload.patient, { statement: g.hash })),
    callOf(s.payload.patient, now),
  );

const createRequest = async (recipient: IdentityId, patient: IdentityId, until = NOW + DAY) => {
  const statement = requestOf(recipient, patient, { until });
  await create(statement);
  return statement;
};

const listed = async (
  as: 'patient' | 'recipient',
  id: IdentityId,
  state?: Parameters<typeof stores.requests.list>[2],
  now = NOW,
) => (await stores.requests.list(as, id, state, now, {})).items.map((r) => r.statement.hash);

describe('many concurrent requests', () => {
  const MANY = 16;

  test('by one recipient to different patients all succeed', async () => {
    const recipient = newIdentity();
    const all = Array.from({ length: MANY }, () => requestOf(recipient, newIdentity()));
    expect(await Promise.all(all.map(createWithRetries))).toEqual(all.map(() => 'accepted'));
  });

  test('to one patient by different recipients all succeed', async () => {
    const patient = newIdentity();
    const all = Array.from({ length: MANY }, () => requestOf(newIdentity(), patient));
    expect(await Promise.all(all.map(createWithRetries))).toEqual(all.map(() => 'accepted'));
  });
});

describe('requests', () => {
  test('a new request is pending', async () => {
    const statement = await createRequest(newIdentity(), newIdentity());
    expect(await stored(statement)).toEqual({
      statement,
      state: 'pending',
      until: statement.payload.until,
      grants: [],
    });
    expect(await stores.requests.find(newId())).toBeUndefined();
  });

  test('refuses a second statement under the same id', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const statement = await createRequest(recipient, patient);
    expect(await create(statement)).toEqual({ repeated: true });
    const other = requestOf(recipient, patient, { request: statement.payload.request, duration: 1 });
    expect(await refusal(create(other))).toBe('already-exists');
  });

  test('refuses a sixth pending request of a recipient to the same patient', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const five = [];
    for (let i = 0; i < 5; i++) five.push(await createRequest(recipient, patient));
    const sixth = requestOf(recipient, patient);
    expect(await refusal(create(sixth))).toBe('too-many');
    expect(await create(five[2]!)).toEqual({ repeated: true });
    await createRequest(recipient, newIdentity());
    await createRequest(newIdentity(), patient);

    await deny(five[3]!);
    expect(await create(sixth)).toEqual({ repeated: false });
    expect(await refusal(create(requestOf(recipient, patient)))).toBe('too-many');
    await approve(five[0]!);
    expect(await create(requestOf(recipient, patient))).toEqual({ repeated: false });
  });

  test('refuses more than a hundred pending requests to a patient', async () => {
    const patient = newIdentity();
    const first = newIdentity();
    const answered = await createRequest(first, patient);
    for (let i = 1; i < 100; i++) await createRequest(newIdentity(), patient);
    const next = requestOf(newIdentity(), patient);
    expect(await refusal(create(next))).toBe('too-many');
    await deny(answered);
    expect(await create(next)).toEqual({ repeated: false });
    expect(await refusal(create(requestOf(first, patient)))).toBe('too-many');
  });

  test('refuses more than 120 requests of a recipient in an hour', async () => {
    const recipient = newIdentity();
    for (let i = 0; i < 120; i++) await createRequest(recipient, newIdentity());
    const next = requestOf(recipient, newIdentity());
    expect(await refusal(create(next))).toBe('too-many');
    expect(await create(next, NOW + 3_600_000)).toEqual({ repeated: false });
  });

  test('a slot is free again when its request has expired', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    for (let i = 0; i < 5; i++) await createRequest(recipient, patient, NOW + 1_000);
    expect(await refusal(create(requestOf(recipient, patient), NOW + 999))).toBe('too-many');
    expect(await create(requestOf(recipient, patient), NOW + 1_000)).toEqual({ repeated: false });
  });

  test('an answer to an expired request does not free the slot of a later request', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const five = [];
    for (let i = 0; i < 5; i++) five.push(await createRequest(recipient, patient, NOW + 1_000));
    for (let i = 0; i < 5; i++) await create(requestOf(recipient, patient), NOW + 1_000);
    // By the clock of another server, the first five requests have not expired yet.
    expect(await refusal(deny(five[0]!, NOW + 999))).toBe('request-closed');
    expect(await refusal(create(requestOf(recipient, patient), NOW + 1_000))).toBe('too-many');
  });

  test('concurrent requests that choose the same slot all get one', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const all = Array.from({ length: 5 }, () => requestOf(recipient, patient));
    expect(await Promise.all(all.map(createWithRetries))).toEqual(all.map(() => 'accepted'));
    expect(await refusal(create(requestOf(recipient, patient)))).toBe('too-many');
  });

  test('can be denied once, while it is pending and not expired', async () => {
    const statement = await createRequest(newIdentity(), newIdentity());
    expect(await refusal(deny(statement, statement.payload.until))).toBe('request-closed');
    expect(await deny(statement, statement.payload.until - 1)).toEqual({ repeated: false });
    expect(await deny(statement)).toEqual({ repeated: true });
    expect(await refusal(deny(statement, NOW, denialOf(statement, NOW + 1)))).toBe('request-closed');
    expect(await refusal(approve(statement))).toBe('request-closed');
    expect((await stored(statement)).state).toBe('denied');
    const { items } = await stores.audit.list(statement.payload.patient, {}, {});
    expect(items.map((e) => e.evidence)).toEqual([statement.jws, denialOf(statement).jws]);
  });

  test('can be approved once, together with its grants', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const statement = await createRequest(recipient, patient);
    expect(await refusal(approve(statement, statement.payload.until))).toBe('request-closed');
    const grant = grantOf(patient, recipient);
    expect(await approve(statement, NOW, [grant])).toEqual({ repeated: false });
    expect(await approve(statement, NOW, [grant])).toEqual({ repeated: true });
    expect(await refusal(approve(statement))).toBe('request-closed');
    expect(await refusal(deny(statement))).toBe('request-closed');
    expect(await stored(statement)).toMatchObject({ state: 'approved', grants: [grant.payload.grant] });
  });

  test('a refused approval stores no grant', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const statement = await createRequest(recipient, patient);
    await deny(statement);
    const grant = grantOf(patient, recipient, { grant: newId<GrantId>() });
    expect(await refusal(approve(statement, NOW, [grant]))).toBe('request-closed');
    expect(await stores.grants.find(grant.payload.grant)).toBeUndefined();
    expect(await listed('patient', patient)).toHaveLength(1);
  });

  test('lists requests by state for both parties; pending requests past their end are listed as expired', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const pending = await createRequest(recipient, patient);
    const short = await createRequest(recipient, patient, NOW + 1_000);
    const denied = await createRequest(recipient, patient);
    const approved = await createRequest(recipient, patient);
    await deny(denied);
    await approve(approved);
    for (const [as, id] of [
      ['patient', patient],
      ['recipient', recipient],
    ] as const) {
      expect(new Set(await listed(as, id))).toEqual(new Set([pending, short, denied, approved].map((s) => s.hash)));
      expect(await listed(as, id, 'pending', NOW + 999)).toEqual([short.hash, pending.hash]);
      expect(await listed(as, id, 'pending', NOW + 1_000)).toEqual([pending.hash]);
      expect(await listed(as, id, 'expired', NOW + 999)).toEqual([]);
      expect(await listed(as, id, 'expired', NOW + 1_000)).toEqual([short.hash]);
      expect(await listed(as, id, 'denied')).toEqual([denied.hash]);
      expect(await listed(as, id, 'approved')).toEqual([approved.hash]);
      expect(await listed(as, id, 'withdrawn')).toEqual([]);
    }
    expect(await listed('recipient', patient)).toEqual([]);
    expect(await listed('patient', recipient)).toEqual([]);
  });

  test('a cursor of another state lists only requests of the requested state', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const pending = await createRequest(recipient, patient);
    await deny(await createRequest(recipient, patient));
    const cursor = encodeCursor(`approved#0000000000000#${newId()}`);
    const { items } = await stores.requests.list('patient', patient, 'pending', NOW, { cursor });
    expect(items.map((r) => r.statement.hash)).toEqual([pending.hash]);
  });

  test.each(['', '!', 'AAA', encodeCursor('Q'), encodeCursor(`QP#${newIdentity()}`), encodeCursor('E#000000000001')])(
    'refuses the malformed cursor %j',
    async (cursor) => {
      const list = stores.requests.list('patient', newIdentity(), 'pending', NOW, { cursor });
      expect(await refusal(list)).toBe('malformed-request cursor');
    },
  );

  test('lists requests page by page', async () => {
    const [recipient, patient] = [newIdentity(), newIdentity()];
    const all = new Set<string>();
    for (let i = 0; i < 5; i++) all.add((await createRequest(recipient, patient)).hash);
    const one = await stores.requests.list('patient', patient, 'pending', NOW, { limit: 3 });
    const two = await stores.requests.list('patient', patient, 'pending', NOW, { limit: 3, cursor: one.next });
    expect(new Set([...one.items, ...two.items].map((r) => r.statement.hash))).toEqual(all);
    expect([one.items.length, two.items.length, two.next]).toEqual([3, 2, undefined]);
  });
});
