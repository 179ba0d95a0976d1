// Tests the use case get-checkpoint: it signs the heads of trail and chain, once for each event.
import { describe, expect, test } from '@jest/globals';
import { verifyServiceStatement } from '../../lib/statements/service-statements.ts';
import { nobody, NOW, patient } from './people.ts';
import { clinic, refused, send, unchanged } from './clinic.ts';
import { NOT_REGISTERED, revoke } from './grant-calls.ts';

describe('get-checkpoint', () => {
  test('signs the last event of the chain, once for each event', async () => {
    const w = await clinic();
    const key = (await send(w, 'get-service-key', patient, {})).key;
    const { checkpoint } = await send(w, 'get-checkpoint', patient, {});
    const { event, entry } = w.state.chains.get(patient.keys.id)!.at(-1)!;
    const last = w.state.entries.get(patient.keys.id)!.at(-1)!.statement;
    const head = { number: last.payload.number, hash: last.hash };
    const end = { patient: patient.keys.id, seq: event.seq, hash: entry.hash, entry: head, when: NOW };
    expect(verifyServiceStatement('checkpoint', checkpoint, key)).toEqual(end);
    expect(await unchanged(w, () => send(w, 'get-checkpoint', patient, { now: NOW + 1 }))).toEqual({ checkpoint });
    await revoke(w, w.grant);
    const next = await send(w, 'get-checkpoint', patient, {});
    expect(verifyServiceStatement('checkpoint', next.checkpoint, key).seq).toBe(event.seq + 1);
    expect(await refused(w, () => send(w, 'get-checkpoint', nobody, {}))).toEqual(NOT_REGISTERED);
  });
});
