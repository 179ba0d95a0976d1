// Tests the use case list-audit: the patient reads its trail, and a recipient reads its own events in the trails of patients.
import { describe, expect, test } from '@jest/globals';
import { EMPTY_CHAIN, eventHash, verifyChain, type AuditEvent } from '../../lib/domain/audit-chain.ts';
import { nobody, NOW, openingOf, patient, recipient, stranger, type Person } from './people.ts';
import { clinic, refused, send, trailOf, unchanged, type Clinic } from './clinic.ts';

const list = (w: Clinic, as: 'patient' | 'recipient', by: Person, query = {}) =>
  send(w, 'list-audit', by, { query: { as, ...query } });

const opened = async (w: Clinic, now: number) => {
  const { grant } = w.grant.statement.payload;
  const opening = await openingOf(recipient, w.folder, [w.letter.statement], { grant, when: now });
  const { opening: openingId } = opening.payload;
  await send(w, 'recapsulate', recipient, { params: { openingId }, body: { statement: opening.jws }, now });
  return opening;
};

describe('list-audit as patient', () => {
  test('returns the whole chain, which verifies', async () => {
    const w = await clinic();
    const opening = await opened(w, NOW + 1);
    const { events, next } = await unchanged(w, () => list(w, 'patient', patient));
    const verified = verifyChain(patient.keys.id, EMPTY_CHAIN, events);
    expect(verified.events).toEqual(trailOf(w, patient));
    expect(verified.events.map((e) => e.kind)).toEqual([
      'registered',
      'folder-created',
      'folder-created',
      'record-filed',
      'record-filed',
      'access-requested',
      'access-granted',
      'records-opened',
    ]);
    expect(events.at(-1)?.evidence).toBe(opening.jws);
    expect(next).toBeUndefined();
  });

  test('returns pages, and events by time', async () => {
    const w = await clinic();
    await opened(w, NOW + 1);
    const { events } = await list(w, 'patient', patient);
    const one = await list(w, 'patient', patient, { limit: 5 });
    const two = await list(w, 'patient', patient, { limit: 5, cursor: one.next });
    expect([...one.events, ...two.events]).toEqual(events);
    expect(two.next).toBeUndefined();
    expect(await list(w, 'patient', patient, { from: NOW + 1 })).toEqual({ events: events.slice(-1) });
    expect(await list(w, 'patient', patient, { to: NOW })).toEqual({ events: events.slice(0, -1) });
    expect(await list(w, 'patient', patient, { from: NOW + 2 })).toEqual({ events: [] });
  });

  test('returns no event of another patient', async () => {
    const w = await clinic();
    const { events } = await list(w, 'patient', stranger);
    expect(() => verifyChain(stranger.keys.id, EMPTY_CHAIN, events)).not.toThrow();
    expect(events).toHaveLength(3);
  });
});

describe('list-audit with after', () => {
  test('returns the events after a number to the patient, and refuses from and to with it', async () => {
    const w = await clinic();
    const all = trailOf(w, patient).length;
    const { events } = await send(w, 'list-audit', patient, { query: { as: 'patient', after: all - 2 } });
    expect(events).toHaveLength(2);
    const malformed = { code: 'malformed-request', member: 'after' };
    for (const query of [
      { as: 'patient', after: 1, from: 1 },
      { as: 'patient', after: 1, to: 1 },
      { as: 'recipient', after: 1 },
    ] as const)
      expect(await refused(w, () => send(w, 'list-audit', patient, { query }))).toEqual(malformed);
  });
});

describe('list-audit as recipient', () => {
  test("returns the caller's own events in other trails, without sequence number and previous hash", async () => {
    const w = await clinic();
    const opening = await opened(w, NOW + 1);
    const { events } = await unchanged(w, () => list(w, 'recipient', recipient));
    const own = events.map((e) => JSON.parse(e.event) as Record<string, unknown>);
    const inChain = trailOf(w, patient).filter((e) => e.actor === recipient.keys.id);
    expect(own).toEqual(inChain.map(({ seq: _seq, previous: _previous, ...rest }) => rest));
    expect(own.map((e) => e['kind'])).toEqual(['access-requested', 'records-opened']);
    expect(events.map((e) => e.evidence)).toEqual([w.request.jws, opening.jws]);
    const hashes = w.state.chains.get(patient.keys.id)!.map((row) => row.entry.hash);
    expect(events.every((e) => hashes.includes(e.hash))).toBe(true);
    const one = await list(w, 'recipient', recipient, { limit: 1 });
    expect([one.events, typeof one.next]).toEqual([events.slice(0, 1), 'string']);
  });

  test('returns each event with the member order of the chain, so that its hash can be computed with seq and previous', async () => {
    const w = await clinic();
    await opened(w, NOW + 1);
    const { events } = await list(w, 'recipient', recipient);
    const chain = trailOf(w, patient);
    for (const { event, hash } of events) {
      const { patient: whose, ...rest } = JSON.parse(event) as Omit<AuditEvent, 'seq' | 'previous'>;
      const { seq, previous } = chain.find((e) => e.statement === rest.statement)!;
      expect(eventHash(JSON.stringify({ patient: whose, seq, previous, ...rest }))).toBe(hash);
    }
    expect(events).toHaveLength(2);
  });

  test("returns nothing of the caller's own chain", async () => {
    const w = await clinic();
    expect(await list(w, 'recipient', patient)).toEqual({ events: [] });
  });
});

test.each(['patient', 'recipient'] as const)('list-audit as %s refuses an unregistered caller', async (as) => {
  const w = await clinic();
  expect(await refused(w, () => list(w, as, nobody))).toEqual({ code: 'not-registered' });
});
