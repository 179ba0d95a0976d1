// Tests readTrail and takeCheckpoint: the client verifies the audit trail and the checkpoints that the service returns.
import { describe, expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RecordId,
  type RequestId,
} from '../../lib/bytes/ids.ts';
import { readTrail, takeCheckpoint } from '../../lib/client/audit/read-trail.ts';
import { EMPTY_CHAIN, type EventDraft } from '../../lib/domain/audit-chain.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { fill } from '../statements/samples.ts';
import { signedBy } from './hand-made-service-signatures.ts';
import { openedEvent, openingOf, trailOf, type Draft, type Entry } from './hand-made-trails.ts';
import { KEYS, newClients, refusal } from './clients.ts';

const ME = KEYS.patient.id;
const opening = openingOf(40);
const { opening: id, folder, epoch, records } = opening;
const SUBJECT = { opening: id, folder, epoch, records };

const opened = (change: Draft = {}, by = KEYS.clinician): Draft => ({ ...openedEvent(opening, by), ...change });

const setUp = (entries: Entry[]) => {
  const clients = newClients();
  clients.service.trails.set(ME, entries);
  const ctx = clients.contextOf('patient');
  return { ...clients, ctx, read: () => readTrail(ctx), show: (e: Entry[]) => clients.service.trails.set(ME, e) };
};

describe('takeCheckpoint', () => {
  const verdictOn = async (seq: number, hash: string, seen: number) => {
    const entries = trailOf({}, {}, {});
    const { service, ctx, show } = setUp(entries.slice(0, seen));
    await readTrail(ctx);
    show(entries);
    const checkpoint = signedBy('service', 'checkpoint', { patient: ME, seq, hash, when: 1 });
    service.state.lie = (route) => (route === 'get-checkpoint' ? { checkpoint } : undefined);
    return refusal(() => takeCheckpoint(ctx));
  };

  test('accepts a checkpoint at or after the last event that the client has read, and refuses an older one', async () => {
    const [one, two, three] = trailOf({}, {}, {}).map((e) => e.hash);
    expect(await verdictOn(3, three!, 2)).toBe('accepted');
    expect(await verdictOn(2, two!, 2)).toBe('accepted');
    expect(await verdictOn(1, one!, 2)).toBe('rolled-back audit');
    expect(await verdictOn(0, EMPTY_CHAIN.hash, 2)).toBe('rolled-back audit');
    expect(await verdictOn(0, EMPTY_CHAIN.hash, 0)).toBe('accepted');
    expect(await verdictOn(0, one!, 0)).toBe('rolled-back audit');
  });
});

describe('readTrail', () => {
  test('reads all pages, verifies them, and remembers the last event', async () => {
    const entries = trailOf({}, {}, {}, opened(), {}, {}, {});
    const { read, ctx } = setUp(entries);
    const trail = await read();
    expect(trail.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(trail[3]).toMatchObject({ kind: 'records-opened', actor: KEYS.clinician.id });
    expect(ctx.memory.auditHead()).toEqual({ seq: 7, hash: entries[6]!.hash });
  });

  test('accepts an empty trail', async () => {
    await expect(setUp([]).read()).resolves.toEqual([]);
  });

  test.each<[string, (e: Entry[]) => Entry[]]>([
    ['an event left out', (e) => [e[0]!, ...e.slice(2)]],
    ['two events swapped', (e) => [e[1]!, e[0]!, ...e.slice(2)]],
    ['an event repeated', (e) => [e[0]!, ...e]],
    [
      'an altered event',
      (e) => [{ ...e[0]!, event: e[0]!.event.replace('records-opened', 'record-filed') }, ...e.slice(1)],
    ],
    ['its first event left out', (e) => e.slice(1)],
  ])('refuses a trail with %s', async (_, change) => {
    const { read } = setUp(change(trailOf({}, {}, {}, {}, {})));
    expect(await refusal(read)).toBe('unverified audit');
  });

  test('refuses the trail of another patient', async () => {
    const { read } = setUp(trailOf({ patient: KEYS.stranger.id }));
    expect(await refusal(read)).toBe('unverified audit');
  });

  test('refuses a trail that became shorter or was rewritten', async () => {
    const entries = trailOf({}, {}, {});
    const { read, show } = setUp(entries);
    await read();
    show(entries.slice(0, 2));
    expect(await refusal(read)).toBe('rolled-back audit');
    show(trailOf({}, { at: 2 }, {}, {}));
    expect(await refusal(read)).toBe('rolled-back audit');
    show([...entries, ...trailOf({}, {}, {}, {}).slice(3)]);
    expect(await refusal(read)).toBe('accepted');
  });

  test('refuses an opening without its statement', async () => {
    expect(await refusal(setUp(trailOf(opened({ evidence: undefined }))).read)).toBe('unverified evidence');
  });

  test('refuses evidence whose hash is not in the event', async () => {
    const { read } = setUp(trailOf(opened({ statement: 'A'.repeat(43) })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses evidence that another identity signed', async () => {
    const { read } = setUp(trailOf(opened({}, KEYS.stranger)));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses evidence of another opening', async () => {
    const { read } = setUp(trailOf(opened({ subject: { ...SUBJECT, opening: newId<OpeningId>() } })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test.each<[string, Partial<EventDraft['subject']>]>([
    ['another record', { records: [{ record: newId<RecordId>(), version: 1 }] }],
    ['another version', { records: [{ ...opening.records[0]!, version: 2 }] }],
    ['one record more', { records: [...opening.records, { record: newId<RecordId>(), version: 1 }] }],
    ['another folder', { folder: newId<FolderId>() }],
    ['another epoch', { epoch: 2 }],
    ['a grant', { grant: newId<GrantId>() }],
  ])('refuses an event that names %s, if the opening statement does not', async (_, change) => {
    const { read } = setUp(trailOf(opened({ subject: { ...SUBJECT, ...change } })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses a request as evidence of an opening', async () => {
    const request = await signStatement(
      'request',
      {
        request: newId<RequestId>(),
        patient: ME,
        recipient: KEYS.clinician.id,
        receiving: { number: 1, key: toBase64url(fill(2, 33)) },
        scope: { everything: true },
        rights: ['read'],
        purpose: 'TREAT',
        duration: 1,
        until: 1,
        created: 1,
      },
      KEYS.clinician,
    );
    const { read } = setUp(trailOf(opened({ statement: request.hash, evidence: request.jws })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses an opening statement about another patient as evidence', async () => {
    const elsewhere = { ...opening, patient: KEYS.stranger.id };
    const { jws, hash } = await signStatement('opening', elsewhere, KEYS.clinician);
    const { read } = setUp(trailOf(opened({ statement: hash, evidence: jws })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses a second event with the same opening', async () => {
    const { read, show } = setUp(trailOf(opened(), opened({ at: 2 })));
    await expect(read()).rejects.toMatchObject({ code: 'unverified', what: 'evidence', index: 2 });
    show(trailOf(opened()));
    await read();
    show(trailOf(opened(), opened({ at: 2 })));
    await expect(read()).rejects.toMatchObject({ code: 'unverified', what: 'evidence', index: 2 });
  });
});
