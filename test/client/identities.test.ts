// Tests the calls register, knownIdentity and currentIdentity: the client verifies every identity statement that the service returns.
import { describe, expect, test } from '@jest/globals';
import { currentIdentity, knownIdentity, register } from '../../lib/client/identities/identities.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { problem } from './prepared-answers.ts';
import { KEYS, newClients, refusal } from './clients.ts';

describe('register', () => {
  test('stores the first statement, and sends nothing the second time', async () => {
    const { contextOf, service } = newClients();
    const first = await register(contextOf('clinician'), { name: 'Praxis am Markt' });
    expect(first.payload).toMatchObject({ id: KEYS.clinician.id, number: 1, name: 'Praxis am Markt' });
    expect(first.payload.previous).toBeUndefined();

    const again = await register(contextOf('clinician'), { name: 'Praxis am Markt' });
    expect(again.jws).toBe(first.jws);
    expect(service.calls.filter((c) => c === 'register')).toHaveLength(1);
  });

  test('a new name makes a second statement that names the first', async () => {
    const { contextOf } = newClients();
    const first = await register(contextOf('clinician'));
    const second = await register(contextOf('clinician'), { name: 'Praxis am Ring' });
    expect(second.payload).toMatchObject({ number: 2, previous: first.hash, next: first.payload.next });
  });

  test('without a name the present name stays, and null removes it', async () => {
    const { contextOf } = newClients();
    const first = await register(contextOf('clinician'), { name: 'Praxis am Markt' });
    expect((await register(contextOf('clinician'))).jws).toBe(first.jws);
    expect((await register(contextOf('clinician'), { name: undefined })).jws).toBe(first.jws);

    const second = await register(contextOf('clinician'), { name: null });
    expect(second.payload.number).toBe(2);
    expect('name' in second.payload).toBe(false);
    expect((await register(contextOf('clinician'), { name: null })).jws).toBe(second.jws);
    expect((await register(contextOf('clinician'))).jws).toBe(second.jws);
  });

  test('null at the first registration is no name', async () => {
    const { contextOf } = newClients();
    expect('name' in (await register(contextOf('clinician'), { name: null })).payload).toBe(false);
  });

  test('works with a service that answers not-registered to unknown identities', async () => {
    const { contextOf, service } = newClients();
    service.state.before = (route) => (route === 'list-chain' ? problem(403, 'not-registered') : undefined);
    expect((await register(contextOf('patient'))).payload.number).toBe(1);
  });

  test('throws another refusal of the service', async () => {
    const { contextOf, service } = newClients();
    service.state.before = (route) => (route === 'list-chain' ? problem(401, 'signature-invalid') : undefined);
    expect(await refusal(() => register(contextOf('patient')))).toBe('signature-invalid');
  });

  test.each(['kfragSigner', 'inbox'] as const)(
    'refuses a statement in the chain with the own identity key and another %s',
    async (member) => {
      const { contextOf, service } = newClients();
      const own = (await register(contextOf('patient'))).payload;
      const other = (await register(contextOf('clinician'))).payload;
      const forged = await signStatement('identity', { ...own, [member]: other[member] }, KEYS.patient);
      service.entries.delete(KEYS.patient.id);
      service.appendEntry(KEYS.patient, [forged]);
      expect(await refusal(() => register(contextOf('patient')))).toBe('unverified identity');
    },
  );

  test('refuses a statement with another successor than the key file has', async () => {
    const { contextOf } = newClients();
    await register(contextOf('patient'));
    expect(await refusal(() => register(contextOf('patient', { next: 'A'.repeat(43) })))).toBe('unverified identity');
  });
});

describe('the identity of another person', () => {
  const setUp = async () => {
    const clients = newClients();
    const theirs = await register(clients.contextOf('clinician'));
    const ctx = clients.contextOf('patient');
    const serve = (jws: string): void => {
      clients.service.state.lie = (route, a) => (route === 'get-identity' ? { ...a, statement: jws } : undefined);
    };
    const served = async (change: Partial<Payload<'identity'>>) =>
      serve((await signStatement('identity', { ...theirs.payload, ...change }, KEYS.clinician)).jws);
    return { ...clients, ctx, theirs, serve, served };
  };

  test('is verified against the id, and remembered', async () => {
    const { ctx, theirs, service } = await setUp();
    const before = service.calls.length;
    expect((await knownIdentity(ctx, KEYS.clinician.id)).jws).toBe(theirs.jws);
    expect((await knownIdentity(ctx, KEYS.clinician.id)).jws).toBe(theirs.jws);
    expect(service.calls.length - before).toBe(1);
    await currentIdentity(ctx, KEYS.clinician.id);
    expect(service.calls.length - before).toBe(2);
  });

  test('is requested again after a failure', async () => {
    const { ctx, service } = await setUp();
    service.state.before = () => problem(500, 'internal');
    expect(await refusal(() => knownIdentity(ctx, KEYS.clinician.id))).toBe('internal');
    service.state.before = () => undefined;
    expect(await refusal(() => knownIdentity(ctx, KEYS.clinician.id))).toBe('accepted');
  });

  test('is refused if the statement is of another identity', async () => {
    const { ctx, serve, contextOf } = await setUp();
    serve((await register(contextOf('stranger'))).jws);
    expect(await refusal(() => currentIdentity(ctx, KEYS.clinician.id))).toBe('unverified identity');
  });

  test('is refused if the signature was changed', async () => {
    const { ctx, serve, theirs } = await setUp();
    const at = theirs.jws.length - 20;
    serve(theirs.jws.slice(0, at) + (theirs.jws[at] === 'A' ? 'B' : 'A') + theirs.jws.slice(at + 1));
    expect(await refusal(() => currentIdentity(ctx, KEYS.clinician.id))).toBe('unverified identity');
  });

  test('is refused if a key is not on the curve', async () => {
    const { ctx, served } = await setUp();
    await served({ kfragSigner: 'A'.repeat(44) });
    expect(await refusal(() => currentIdentity(ctx, KEYS.clinician.id))).toBe('unverified identity');
  });

  test('is refused if the receiving key has no proof of possession', async () => {
    const { ctx, served, contextOf } = await setUp();
    const stolen = (await register(contextOf('stranger'))).payload.receiving;
    await served({ receiving: stolen });
    expect(await refusal(() => currentIdentity(ctx, KEYS.clinician.id))).toBe('unverified receiving-key');
  });

  test('is refused if the statement is older than the one known', async () => {
    const { ctx, serve, theirs, contextOf } = await setUp();
    await register(contextOf('clinician'), { name: 'Praxis am Ring' });
    await currentIdentity(ctx, KEYS.clinician.id);
    serve(theirs.jws);
    expect(await refusal(() => currentIdentity(ctx, KEYS.clinician.id))).toBe('rolled-back identity');
  });

  test.each<[string, Partial<Payload<'identity'>>]>([
    ['has the number of the one known and differs', { name: 'Praxis am Ring' }],
    ['announces another successor', { number: 2, previous: 'A'.repeat(43), next: 'A'.repeat(43) }],
  ])('is refused if the statement %s', async (_, change) => {
    const { ctx, served } = await setUp();
    await currentIdentity(ctx, KEYS.clinician.id);
    await served(change);
    expect(await refusal(() => currentIdentity(ctx, KEYS.clinician.id))).toBe('rolled-back identity');
  });
});
