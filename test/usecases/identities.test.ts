// Tests the use cases register, get-identity, health and openapi.
import { describe, expect, test } from '@jest/globals';
import { health } from '../../lib/usecases/health.ts';
import { openapi } from '../../lib/usecases/openapi.ts';
import { rawJws } from '../statements/samples.ts';
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

const NOT_A_POINT = 'A'.repeat(44);

describe('register', () => {
  test('stores the statement and writes an event with the statement as its evidence', async () => {
    const w = await clinic();
    const statement = await identityOf(nobody);
    expect(await putIdentity(w, nobody, statement)).toEqual({ statement: statement.jws, state: 'active' });
    expect(await w.ports.identities.find(nobody.keys.id)).toEqual({ statement, state: 'active' });
    expect(lastEvent(w, nobody)).toEqual(eventOf('registered', nobody, {}, statement, { of: nobody, evidence: true }));
    expect(trailOf(w, nobody)).toHaveLength(1);
  });

  test('answers a repetition and changes nothing', async () => {
    const w = await clinic();
    const statement = await identityOf(patient);
    await unchanged(w, async () => {
      const stored = (await w.ports.identities.find(patient.keys.id))!.statement;
      expect(await putIdentity(w, patient, stored)).toEqual({ statement: stored.jws, state: 'active' });
    });
    expect(statement.payload.number).toBe(1);
  });

  test('replaces the statement by a newer one', async () => {
    const w = await clinic();
    const stored = (await w.ports.identities.find(patient.keys.id))!.statement;
    const second = await identityOf(patient, { number: 2, previous: stored.hash, receiving: receivingOf(patient, 2) });
    expect(await putIdentity(w, patient, second)).toEqual({ statement: second.jws, state: 'active' });
    const third = await identityOf(patient, { number: 3, previous: second.hash, receiving: receivingOf(patient, 2) });
    await putIdentity(w, patient, third);
    expect(await w.ports.identities.find(patient.keys.id)).toEqual({ statement: third, state: 'active' });
    expect(lastEvent(w, patient).statement).toBe(third.hash);
  });

  test('refuses the registration of another identity', async () => {
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

  test('refuses a signer of key fragments that is not on the curve', async () => {
    const w = await clinic();
    const statement = await identityOf(nobody, { kfragSigner: NOT_A_POINT });
    const invalid = { code: 'statement-invalid', member: 'kfragSigner' };
    expect(await refused(w, () => putIdentity(w, nobody, statement))).toEqual(invalid);
  });

  test('refuses an inbox key that is a point of the curve, as it was before X-Wing', async () => {
    const w = await clinic();
    const { payload } = await identityOf(nobody);
    const old = { ...payload, inbox: payload.kfragSigner };
    const header = JSON.stringify({ alg: 'EdDSA', kid: nobody.keys.id, typ: 'pcehr-identity+jws' });
    const statement = rawJws(header, JSON.stringify(old), nobody.keys);
    const sent = { params: { id: nobody.keys.id }, body: { statement } };
    expect(await refused(w, () => send(w, 'register', nobody, sent))).toBe('StatementError bad-payload');
  });

  test('refuses a receiving key that is not on the curve or has no proof of possession', async () => {
    const w = await clinic();
    const own = receivingOf(nobody, 1);
    const others = receivingOf(stranger, 1);
    for (const receiving of [
      { ...own, key: NOT_A_POINT },
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

  test('refuses a first statement with another number than 1 or with a previous statement', async () => {
    const w = await clinic();
    for (const changes of [{ number: 2 }, { previous: b64(32) }, { number: 2, previous: b64(32) }]) {
      const statement = await identityOf(nobody, changes);
      expect(await refused(w, () => putIdentity(readOnly(w), nobody, statement))).toEqual({
        code: 'statement-outdated',
      });
    }
  });

  test('refuses a later statement without the next number or without the hash of the one before', async () => {
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

  test('refuses another next identity key and an older receiving key', async () => {
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

  test('refuses another signer of key fragments, because recipients check the fragments of every grant with it', async () => {
    const w = await clinic();
    const { hash: previous } = (await w.ports.identities.find(patient.keys.id))!.statement;
    const { kfragSigner } = (await identityOf(stranger)).payload;
    const other = await identityOf(patient, { number: 2, previous, kfragSigner });
    expect(await refused(w, () => putIdentity(w, patient, other))).toEqual({
      code: 'statement-invalid',
      member: 'kfragSigner',
    });
  });

  test('refuses the second of two parallel statements', async () => {
    const w = await clinic();
    const { hash: previous } = (await w.ports.identities.find(patient.keys.id))!.statement;
    const [one, two] = await Promise.all(
      [NOW, NOW + 1].map((issued) => identityOf(patient, { number: 2, previous, issued })),
    );
    const late = interrupted(w, 'identities.put', () => putIdentity(w, patient, one!));
    await expect(putIdentity(late, patient, two!)).rejects.toMatchObject({ code: 'chain-moved' });
    expect((await w.ports.identities.find(patient.keys.id))?.statement.hash).toBe(one!.hash);
  });

  test('refuses a second call with the same nonce', async () => {
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
  test('returns an identity to any registered caller', async () => {
    const w = await clinic();
    const { statement } = (await w.ports.identities.find(patient.keys.id))!;
    const sent = { params: { id: patient.keys.id } };
    expect(await unchanged(w, () => send(w, 'get-identity', stranger, sent))).toEqual({
      statement: statement.jws,
      state: 'active',
    });
  });

  test('refuses an unregistered caller', async () => {
    const w = await clinic();
    const sent = { params: { id: recipient.keys.id } };
    expect(await refused(w, () => send(w, 'get-identity', nobody, sent))).toEqual({ code: 'not-registered' });
  });

  test('answers not-found for an unregistered identity', async () => {
    const w = await clinic();
    const sent = { params: { id: nobody.keys.id } };
    expect(await refused(w, () => send(w, 'get-identity', patient, sent))).toEqual({ code: 'not-found' });
  });
});

test('health and openapi need no caller', () => {
  expect(health()).toEqual({ status: 'ok' });
  expect(openapi({ document: () => ({ openapi: '3.1.0' }) })).toEqual({ openapi: '3.1.0' });
});
