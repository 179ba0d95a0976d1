// Tests the identity store: storing identity statements, their successors, and nonces.
import { afterAll, describe, expect, test } from '@jest/globals';
import { b64, callOf, eventOf, identityOf, newIdentity, openStores, refusal } from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const registered = (statement: ReturnType<typeof identityOf>) =>
  eventOf('registered', statement.payload.id, { statement: statement.hash });

describe('identities', () => {
  test('an unknown identity is undefined', async () => {
    expect(await stores.identities.find(newIdentity())).toBeUndefined();
  });

  test('finds a stored identity, and its statement is evidence in the trail', async () => {
    const id = newIdentity();
    const statement = identityOf(id);
    expect(await stores.identities.put(statement, undefined, registered(statement), callOf(id))).toEqual({
      repeated: false,
    });
    expect(await stores.identities.find(id)).toEqual({ statement, state: 'active' });
    const { items } = await stores.audit.list(id, {}, {});
    expect(items.map((e) => e.evidence)).toEqual([statement.jws]);
  });

  test('storing the same statement again is a repetition and writes nothing', async () => {
    const id = newIdentity();
    const statement = identityOf(id);
    await stores.identities.put(statement, undefined, registered(statement), callOf(id));
    expect(await stores.identities.put(statement, undefined, registered(statement), callOf(id))).toEqual({
      repeated: true,
    });
    expect((await stores.audit.list(id, {}, {})).items).toHaveLength(1);
  });

  test('a newer statement replaces only the statement that it names as previous', async () => {
    const id = newIdentity();
    const first = identityOf(id);
    const second = identityOf(id, { number: 2, previous: first.hash });
    const rival = identityOf(id, { number: 2, previous: first.hash, next: b64(32) });
    await stores.identities.put(first, undefined, registered(first), callOf(id));
    await stores.identities.put(second, first.hash, registered(second), callOf(id));
    expect(await refusal(stores.identities.put(rival, first.hash, registered(rival), callOf(id)))).toBe(
      'statement-outdated',
    );
    expect(await refusal(stores.identities.put(rival, undefined, registered(rival), callOf(id)))).toBe(
      'statement-outdated',
    );
    expect((await stores.identities.find(id))?.statement.hash).toBe(second.hash);
  });

  test('refuses a second call with the same nonce', async () => {
    const id = newIdentity();
    const first = identityOf(id);
    const second = identityOf(id, { number: 2, previous: first.hash });
    const call = callOf(id);
    await stores.identities.put(first, undefined, registered(first), call);
    expect(await refusal(stores.identities.put(second, first.hash, registered(second), call))).toBe('replayed');
    expect(await refusal(stores.identities.put(first, undefined, registered(first), call))).toBe('replayed');
    expect((await stores.identities.find(id))?.statement.hash).toBe(first.hash);
    expect((await stores.audit.list(id, {}, {})).items).toHaveLength(1);
  });

  test('accepts the same nonce from another identity', async () => {
    const [one, two] = [newIdentity(), newIdentity()];
    const call = callOf(one);
    const [first, second] = [identityOf(one), identityOf(two)];
    await stores.identities.put(first, undefined, registered(first), call);
    await stores.identities.put(second, undefined, registered(second), { ...call, caller: two });
    expect(await stores.identities.find(two)).toBeDefined();
  });
});
