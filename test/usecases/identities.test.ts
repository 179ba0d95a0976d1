import { describe, expect, test } from '@jest/globals';
import { health } from '../../lib/usecases/health.ts';
import { openapi } from '../../lib/usecases/openapi.ts';
import { b64, identityOf, nobody, NOW, patient, receivingOf, recipient, stranger } from './people.ts';
import {
  clinic,
  eventOf,
  interrupted,
  lastEvent,
  putIdentity,
  readOnly,
  refused,
  send,
  trailOf,
  unchanged,
} from './clinic.ts';

const POINT_OF_NONE = 'A'.repeat(44);

describe('register', () => {
  test('puts the statement where others find it, with an event and the statement as its evidence', async () => {
    const w = await clinic();
    const statement = await identityOf(nobody);
    expect(await putIdentity(w, nobody, statement)).toEqual({ statement: statement.jws, state: 'active' });
    expect(await w.ports.identities.find(nobody.keys.id)).toEqual({ statement, state: 'active' });
    expect(lastEvent(w, nobody)).toEqual(eventOf('registered', nobody, {}, statement, { of: nobody, evidence: true }));
    expect(trailOf(w, nobody)).toHaveLength(1);
  });

  test('the same statement again is answered and changes nothing', async () => {
    const w = await clinic();
    const statement = await identityOf(patient);
    await unchanged(w, async () => {
      const stored = (await w.ports.identities.find(patient.keys.id))!.statement;
      expect(await putIdentity(w, patient, stored)).toEqual({ statement: stored.jws, state: 'active' });
    });
    expect(statement.payload.number).toBe(1);
  });

  test('a newer statement takes the place of the last', async () => {
    const w = await clinic();
    const stored = (await w.ports.identities.find(patient.keys.id))!.statement;
    const second = await identityOf(patient, { number: 2, previous: stored.hash, receiving: receivingOf(patient, 2) });
    expect(await putIdentity(w, patient, second)).toEqual({ statement: second.jws, state: 'active' });
    const third = await identityOf(patient, { number: 3, previous: second.hash, receiving: receivingOf(patient, 2) });
    await putIdentity(w, patient, third);
    expect(await w.ports.identities.find(patient.keys.id)).toEqual({ statement: third, state: 'active' });
    expect(lastEvent(w, patient).statement).toBe(third.hash);
  });

  test('nobody registers somebody else', async () => {
    const w = await clinic();
    const statement = await identityOf(nobody);
    const sent = { params: { id: nobody.keys.id }, body: { statement: statement.jws } };
    expect(await refused(w, () => send(w, 'register', stranger, sent))).toEqual({
      code: 'statement-invalid',
      member: 'id',
    });
    const own = { ...sent, params: { id: stranger.keys.id } };
    expect(await refused(w, () => send(w, 'register', stranger, own))).toBe('StatementError wrong-signer');
  });

  test.each(['inbox', 'kfragSigner'] as const)('a key that is no point is refused: %s', async (member) => {
    const w = await clinic();
    const statement = await identityOf(nobody, { [member]: POINT_OF_NONE });
    expect(await refused(w, () => putIdentity(w, nobody, statement))).toEqual({ code: 'statement-invalid', member });
  });

  test('the receiving key must be a point, and in the hand of the registrant', async () => {
    const w = await clinic();
    const own = receivingOf(nobody, 1);
    const others = receivingOf(stranger, 1);
    for (const receiving of [
      { ...own, key: POINT_OF_NONE },
      others,
      { ...own, proof: others.proof },
      { ...own, number: 2 },
      { ...own, proof: b64(64) },
    ]) {
      const statement = await identityOf(nobody, { receiving });
      expect(await refused(w, () => putIdentity(w, nobody, statement))).toEqual({
        code: 'statement-invalid',
        member: 'receiving',
      });
    }
  });

  test('the first statement has number 1 and stands on nothing', async () => {
    const w = await clinic();
    for (const changes of [{ number: 2 }, { previous: b64(32) }, { number: 2, previous: b64(32) }]) {
      const statement = await identityOf(nobody, changes);
      expect(await refused(w, () => putIdentity(readOnly(w), nobody, statement))).toEqual({
        code: 'statement-outdated',
      });
    }
  });

  test('a later one has the next number and names the one before', async () => {
    const w = await clinic();
    const previous = (await w.ports.identities.find(patient.keys.id))!.statement.hash;
    for (const changes of [
      { number: 1, previous },
      { number: 3, previous },
      { number: 2 },
      { number: 2, previous: b64(32) },
    ]) {
      const statement = await identityOf(patient, changes);
      expect(await refused(w, () => putIdentity(readOnly(w), patient, statement))).toEqual({
        code: 'statement-outdated',
      });
    }
  });

  test("the next generation's key never changes, and receiving keys do not go back", async () => {
    const w = await clinic();
    const first = (await w.ports.identities.find(patient.keys.id))!.statement;
    const second = await identityOf(patient, { number: 2, previous: first.hash, receiving: receivingOf(patient, 3) });
    const other = await identityOf(patient, { number: 2, previous: first.hash, next: b64(32) });
    expect(await refused(w, () => putIdentity(w, patient, other))).toEqual({
      code: 'statement-invalid',
      member: 'next',
    });
    await putIdentity(w, patient, second);
    const back = await identityOf(patient, { number: 3, previous: second.hash, receiving: receivingOf(patient, 2) });
    expect(await refused(w, () => putIdentity(w, patient, back))).toEqual({
      code: 'statement-invalid',
      member: 'receiving',
    });
  });

  test('the signer of key fragments never changes: recipients check the fragments of every grant with it', async () => {
    const w = await clinic();
    const { hash: previous } = (await w.ports.identities.find(patient.keys.id))!.statement;
    const { kfragSigner } = (await identityOf(stranger)).payload;
    const other = await identityOf(patient, { number: 2, previous, kfragSigner });
    expect(await refused(w, () => putIdentity(w, patient, other))).toEqual({
      code: 'statement-invalid',
      member: 'kfragSigner',
    });
  });

  test('of two rivals one is outdated', async () => {
    const w = await clinic();
    const { hash: previous } = (await w.ports.identities.find(patient.keys.id))!.statement;
    const [one, two] = await Promise.all(
      [NOW, NOW + 1].map((issued) => identityOf(patient, { number: 2, previous, issued })),
    );
    const late = interrupted(w, 'identities.put', () => putIdentity(w, patient, one!));
    await expect(putIdentity(late, patient, two!)).rejects.toMatchObject({ code: 'statement-outdated' });
    expect((await w.ports.identities.find(patient.keys.id))?.statement.hash).toBe(one!.hash);
  });

  test('a nonce has its effect once', async () => {
    const w = await clinic();
    const statement = await identityOf(nobody);
    const sent = { params: { id: nobody.keys.id }, body: { statement: statement.jws }, nonce: 'n' };
    await send(w, 'register', nobody, sent);
    const second = await identityOf(nobody, { number: 2, previous: statement.hash });
    const again = { ...sent, body: { statement: second.jws } };
    expect(await refused(w, () => send(w, 'register', nobody, again))).toEqual({ code: 'replayed' });
  });
});

describe('get-identity', () => {
  test('anybody who is registered finds whom it knows by id', async () => {
    const w = await clinic();
    const { statement } = (await w.ports.identities.find(patient.keys.id))!;
    const sent = { params: { id: patient.keys.id } };
    expect(await unchanged(w, () => send(w, 'get-identity', stranger, sent))).toEqual({
      statement: statement.jws,
      state: 'active',
    });
  });

  test('nobody else', async () => {
    const w = await clinic();
    const sent = { params: { id: recipient.keys.id } };
    expect(await refused(w, () => send(w, 'get-identity', nobody, sent))).toEqual({ code: 'not-registered' });
  });

  test('and not who is not there', async () => {
    const w = await clinic();
    const sent = { params: { id: nobody.keys.id } };
    expect(await refused(w, () => send(w, 'get-identity', patient, sent))).toEqual({ code: 'not-found' });
  });
});

test('health and openapi ask nobody', () => {
  expect(health()).toEqual({ status: 'ok' });
  expect(openapi({ document: () => ({ openapi: '3.1.0' }) })).toEqual({ openapi: '3.1.0' });
});
