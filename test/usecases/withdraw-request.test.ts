// Tests the use case withdraw-request.
import { describe, expect, test } from '@jest/globals';
import { newId } from '../../lib/bytes/ids.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { b64, nobody, NOW, patient, recipient, requestOf, signed, stranger } from './people.ts';
import { clinic, lastEvent, refused, send, unchanged, type Clinic } from './clinic.ts';
import { NOT_FOUND, NOT_REGISTERED, invalid } from './grant-calls.ts';

describe('withdraw-request', () => {
  const withdrawalOf = ({ payload, hash }: Statement<'request'>, changes: object = {}, by = recipient) =>
    signed(
      'withdrawal',
      {
        recipient: by.keys.id,
        patient: payload.patient,
        request: payload.request,
        of: hash,
        code: 'mistake',
        when: NOW,
      },
      changes,
      by,
    );
  test('answers not-found for a missing request', async () => {
    const w = await clinic();
    const unknown = await requestOf(recipient, [w.folder]);
    const { jws } = await withdrawalOf(unknown);
    const sent = { params: { requestId: unknown.payload.request }, body: { statement: jws } };
    expect(await refused(w, () => send(w, 'withdraw-request', recipient, sent))).toEqual(NOT_FOUND);
  });

  const withdraw = async (w: Clinic, changes: object = {}, by = recipient, now = NOW) => {
    const { jws } = await withdrawalOf(w.request, changes, by);
    const params = { requestId: w.request.payload.request };
    return send(w, 'withdraw-request', by, { params, body: { statement: jws }, now });
  };

  test("withdraws the request, with an event in the patient's trail", async () => {
    const w = await clinic();
    expect(await withdraw(w)).toEqual({ statement: w.request.jws, state: 'withdrawn' });
    const event = {
      kind: 'request-withdrawn',
      actor: recipient.keys.id,
      subject: { request: w.request.payload.request },
    };
    expect(lastEvent(w, patient)).toMatchObject(event);
    expect(lastEvent(w, patient)).toHaveProperty('evidence');
    expect(await unchanged(w, () => withdraw(w))).toMatchObject({ state: 'withdrawn' });
    const listed = await send(w, 'list-requests', recipient, { query: { as: 'recipient', state: 'withdrawn' } });
    expect(listed.requests).toHaveLength(1);
  });

  test('refuses another identity, an expired request, and a statement with other members', async () => {
    const w = await clinic();
    expect(await refused(w, () => withdraw(w, {}, patient))).toEqual(NOT_FOUND);
    expect(await refused(w, () => withdraw(w, {}, nobody))).toEqual(NOT_REGISTERED);
    expect(await refused(w, () => withdraw(w, { of: b64(32) }))).toEqual(invalid('of'));
    expect(await refused(w, () => withdraw(w, { patient: stranger.keys.id }))).toEqual(invalid('patient'));
    expect(await refused(w, () => withdraw(w, { request: newId() }))).toEqual(invalid('request'));
    const { until } = w.request.payload;
    expect(await refused(w, () => withdraw(w, {}, recipient, until))).toEqual({ code: 'request-closed' });
  });
});
