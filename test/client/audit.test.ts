// Tests readTrail and takeCheckpoint: the client verifies the audit trail and the checkpoints that the service returns.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type RequestId } from '../../lib/bytes/ids.ts';
import { readTrail, takeCheckpoint } from '../../lib/client/audit/read-trail.ts';
import { EMPTY_CHAIN, type EventDraft } from '../../lib/domain/audit-chain.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { signedBy } from './hand-made-service-signatures.ts';
import { requestedEvent, requestOf, trailOf, type Draft, type Entry } from './hand-made-trails.ts';
import { KEYS, newClients, refusal } from './clients.ts';

const ME = KEYS.patient.id;
const request = requestOf(40);
const SUBJECT = { request: request.request, purpose: request.purpose };

const requested = (change: Draft = {}, by = KEYS.clinician): Draft => ({ ...requestedEvent(request, by), ...change });

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
    const entries = trailOf({}, {}, {}, requested(), {}, {}, {});
    const { read, ctx } = setUp(entries);
    const trail = await read();
    expect(trail.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(trail[3]).toMatchObject({ kind: 'access-requested', actor: KEYS.clinician.id });
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
      (e) => [{ ...e[0]!, event: e[0]!.event.replace('access-requested', 'record-filed') }, ...e.slice(1)],
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

  test('refuses a request without its statement', async () => {
    expect(await refusal(setUp(trailOf(requested({ evidence: undefined }))).read)).toBe('unverified evidence');
  });

  test('refuses evidence whose hash is not in the event', async () => {
    const { read } = setUp(trailOf(requested({ statement: 'A'.repeat(43) })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses evidence that another identity signed', async () => {
    const { read } = setUp(trailOf(requested({}, KEYS.stranger)));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses evidence of another request', async () => {
    const { read } = setUp(trailOf(requested({ subject: { ...SUBJECT, request: newId<RequestId>() } })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test.each<[string, Partial<EventDraft['subject']>]>([
    ['another purpose', { purpose: 'HRESCH' }],
    ['no purpose', { purpose: undefined }],
    ['a folder', { folders: [newId<FolderId>()] }],
  ])('refuses an event that names %s, if the request does not', async (_, change) => {
    const { read } = setUp(trailOf(requested({ subject: { ...SUBJECT, ...change } })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses a withdrawal as evidence of a request', async () => {
    const { jws, hash } = await signStatement(
      'withdrawal',
      {
        recipient: KEYS.clinician.id,
        patient: ME,
        request: request.request,
        of: 'A'.repeat(43),
        code: 'not-needed',
        when: 1,
      },
      KEYS.clinician,
    );
    const { read } = setUp(trailOf(requested({ statement: hash, evidence: jws })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses a request to another patient as evidence', async () => {
    const elsewhere = { ...request, patient: KEYS.stranger.id };
    const { jws, hash } = await signStatement('request', elsewhere, KEYS.clinician);
    const { read } = setUp(trailOf(requested({ statement: hash, evidence: jws })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('refuses a second event with the same request', async () => {
    const { read, show } = setUp(trailOf(requested(), requested({ at: 2 })));
    await expect(read()).rejects.toMatchObject({ code: 'unverified', what: 'evidence', index: 2 });
    show(trailOf(requested()));
    await read();
    show(trailOf(requested(), requested({ at: 2 })));
    await expect(read()).rejects.toMatchObject({ code: 'unverified', what: 'evidence', index: 2 });
  });
});
