// Tests the hash chain of the audit trail: hashes of events, verification, and how each change of the chain is refused.
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { identityId, newId, type GrantId } from '../../lib/bytes/ids.ts';
import {
  AuditError,
  EMPTY_CHAIN,
  EVENT_KINDS,
  eventHash,
  GENESIS,
  nextEvent,
  purposesIn,
  verifyChain,
  withoutPosition,
  type ChainHead,
} from '../../lib/domain/audit-chain.ts';
import { runs } from '../support/property-runs.ts';

const patient = identityId(new Uint8Array(32).fill(1));
const other = identityId(new Uint8Array(32).fill(2));
const hash = 'A'.repeat(43);

test('the hash of an event covers its domain separation tag, and the first event follows a hash of zeros', () => {
  const text = '{"kind":"registered"}';
  const expected = createHash('sha256')
    .update('pcehr/v1/audit')
    .update(Uint8Array.of(0))
    .update(text)
    .digest('base64url');
  expect(eventHash(text)).toBe(expected);
  expect(GENESIS).toBe('A'.repeat(43));
  expect(EMPTY_CHAIN).toEqual({ seq: 0, hash: GENESIS });
});

test('AuditError contains the number of the entry and the reason', () => {
  const error = new AuditError('altered', 7);
  expect([error.name, error.message]).toEqual(['AuditError', 'the audit trail does not check at entry 7: altered']);
});

const chain = (length: number, of = patient, from: ChainHead = EMPTY_CHAIN) => {
  let head = from;
  return Array.from({ length }, (_, i) => {
    const link = nextEvent(head, {
      kind: EVENT_KINDS[i % EVENT_KINDS.length]!,
      patient: of,
      actor: other,
      subject: {},
      at: 1000 + i,
      statement: hash,
    });
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash };
  });
};

const refusal = (entries: readonly { event: string; hash: string }[]): [string, number] | 'verified' => {
  try {
    verifyChain(patient, EMPTY_CHAIN, entries);
    return 'verified';
  } catch (error) {
    if (error instanceof AuditError) return [error.code, error.index];
    throw error;
  }
};

test('a chain verifies as a whole and in two pieces', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.nat(20), (length, cut) => {
      const all = chain(length);
      const whole = verifyChain(patient, EMPTY_CHAIN, all);
      const first = verifyChain(patient, EMPTY_CHAIN, all.slice(0, cut));
      expect(verifyChain(patient, first.head, all.slice(cut)).head).toEqual(whole.head);
      expect(whole.events.map((e) => e.seq)).toEqual(all.map((_, i) => i + 1));
    }),
    { numRuns: runs(50) },
  );
});

test('an event names at most forty grants that were carried over', () => {
  const verdictOf = (count: number): unknown => {
    const grants = Array.from({ length: count }, () => newId<GrantId>());
    const rest = { patient, actor: patient, subject: { grants }, at: 1, statement: hash };
    const { text, hash: its } = nextEvent(EMPTY_CHAIN, { kind: 'epoch-started', ...rest });
    return refusal([{ event: text, hash: its }]);
  };
  expect([verdictOf(1), verdictOf(40), verdictOf(41)]).toEqual(['verified', 'verified', ['malformed', 0]]);
});

describe('verifyChain finds every change, and its entry', () => {
  const length = 8;
  test.each([0, 3, length - 1])('at entry %i', (i) => {
    const all = chain(length);
    const remade = chain(1, patient, { seq: i, hash: `${'B'.repeat(42)}A` })[0]!;
    const text = all[i]!.event;
    expect(refusal(all.with(i, { event: text.replace('"at":1', '"at":2'), hash: all[i]!.hash }))).toEqual([
      'altered',
      i,
    ]);
    expect(refusal(all.with(i, { ...all[i]!, event: `${text} ` }))).toEqual(['malformed', i]);
    expect(refusal(all.with(i, { ...all[i]!, event: '{}' }))).toEqual(['malformed', i]);
    expect(refusal(all.with(i, { ...all[i]!, event: 'x' }))).toEqual(['malformed', i]);
    expect(refusal(all.with(i, remade))).toEqual(['broken-link', i]);
    expect(refusal(all.with(i, chain(i + 1, other)[i]!))).toEqual(['foreign', i]);
    expect(refusal([...all.slice(0, i), all[i]!, ...all.slice(i)])).toEqual(['out-of-order', i + 1]);
    if (i < length - 1) {
      expect(refusal(all.toSpliced(i, 1))).toEqual(['out-of-order', i]);
      expect(refusal(all.with(i, all[i + 1]!).with(i + 1, all[i]!))).toEqual(['out-of-order', i]);
    }
  });

  test('an entry of another chain with a valid hash is found at the entry after it', () => {
    const all = chain(5);
    const fork = nextEvent(
      { seq: 2, hash: all[1]!.hash },
      { kind: 'grant-revoked', patient, actor: patient, subject: {}, at: 5, statement: hash },
    );
    expect(refusal(all.with(2, { event: fork.text, hash: fork.hash }))).toEqual(['broken-link', 3]);
  });
});

test('purposesIn returns the purpose from the event that made the grant', () => {
  const grant = newId<GrantId>();
  const { event } = nextEvent(EMPTY_CHAIN, {
    kind: 'access-granted',
    patient,
    actor: patient,
    subject: { grant, purpose: 'TREAT' },
    at: 1,
    statement: hash,
  });
  const extended = { ...event, kind: 'grant-extended', subject: { grant } } as const;
  expect([...purposesIn([event, extended, { ...event, subject: { purpose: 'HRESCH' } }])]).toEqual([[grant, 'TREAT']]);
});

test('withoutPlace removes the sequence number and the previous hash', () => {
  const [entry] = chain(1);
  const { events } = verifyChain(patient, EMPTY_CHAIN, [entry!]);
  expect(Object.keys(withoutPosition(events[0]!))).toEqual(['patient', 'kind', 'actor', 'subject', 'at', 'statement']);
});
