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
import { EMPTY_CHAIN, nextEvent, type ChainHead, type EventDraft } from '../../lib/domain/audit-chain.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { fill } from '../statements/samples.ts';
import { signedBy } from './service-signer.ts';
import { KEYS, newWorld, refusal } from './clients.ts';

interface Entry {
  event: string;
  hash: string;
  evidence?: string;
}

const ME = KEYS.patient.id;
const opening: Payload<'opening'> = {
  opening: newId<OpeningId>(),
  patient: ME,
  opener: KEYS.clinician.id,
  folder: newId<FolderId>(),
  epoch: 1,
  records: [{ record: newId<RecordId>(), version: 1 }],
  when: 1,
};

const { opening: id, folder, epoch, records } = opening;
const SUBJECT = { opening: id, folder, epoch, records };

const chain = (...drafts: readonly (Partial<EventDraft> & { evidence?: string })[]): Entry[] => {
  let head: ChainHead = EMPTY_CHAIN;
  return drafts.map(({ evidence, ...draft }) => {
    const link = nextEvent(head, {
      kind: 'registered',
      patient: ME,
      actor: ME,
      subject: {},
      at: 1,
      statement: 'A'.repeat(43),
      ...draft,
    });
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash, ...(evidence === undefined ? {} : { evidence }) };
  });
};

const opened = async (change: Partial<EventDraft> & { evidence?: string } = {}, by = KEYS.clinician) => {
  const statement = await signStatement('opening', { ...opening, opener: by.id }, by);
  return {
    kind: 'records-opened' as const,
    actor: KEYS.clinician.id,
    subject: SUBJECT,
    statement: statement.hash,
    evidence: statement.jws,
    ...change,
  };
};

const setUp = (entries: Entry[]) => {
  const world = newWorld();
  world.service.trails.set(ME, entries);
  const ctx = world.contextOf('patient');
  return { ...world, ctx, read: () => readTrail(ctx), show: (e: Entry[]) => world.service.trails.set(ME, e) };
};

describe('takeCheckpoint', () => {
  const answered = async (seq: number, hash: string, kept: number) => {
    const entries = chain({}, {}, {});
    const { service, ctx, show } = setUp(entries.slice(0, kept));
    await readTrail(ctx);
    show(entries);
    const checkpoint = signedBy('service', 'checkpoint', { patient: ME, seq, hash, when: 1 });
    service.state.lie = (route) => (route === 'get-checkpoint' ? { checkpoint } : undefined);
    return refusal(() => takeCheckpoint(ctx));
  };

  test('is of the end of the trail, and no older than what was seen of it', async () => {
    const [one, two, three] = chain({}, {}, {}).map((e) => e.hash);
    expect(await answered(3, three!, 2)).toBe('accepted');
    expect(await answered(2, two!, 2)).toBe('accepted');
    expect(await answered(1, one!, 2)).toBe('rolled-back audit');
    expect(await answered(0, EMPTY_CHAIN.hash, 2)).toBe('rolled-back audit');
    expect(await answered(0, EMPTY_CHAIN.hash, 0)).toBe('accepted');
    expect(await answered(0, one!, 0)).toBe('rolled-back audit');
  });
});

describe('readTrail', () => {
  test('reads all pages, verifies them, and remembers the end', async () => {
    const entries = chain({}, { kind: 'folder-created' }, {}, await opened(), {}, {}, {});
    const { read, ctx } = setUp(entries);
    const trail = await read();
    expect(trail.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(trail[3]).toMatchObject({ kind: 'records-opened', actor: KEYS.clinician.id });
    expect(ctx.memory.auditHead()).toEqual({ seq: 7, hash: entries[6]!.hash });
  });

  test('an empty trail is one', async () => {
    await expect(setUp([]).read()).resolves.toEqual([]);
  });

  test.each<[string, (e: Entry[]) => Entry[]]>([
    ['left out', (e) => [e[0]!, ...e.slice(2)]],
    ['swapped', (e) => [e[1]!, e[0]!, ...e.slice(2)]],
    ['doubled', (e) => [e[0]!, ...e]],
    ['altered', (e) => [{ ...e[0]!, event: e[0]!.event.replace('registered', 'record-filed') }, ...e.slice(1)]],
    ['without its start', (e) => e.slice(1)],
  ])('an event %s is noticed', async (_, change) => {
    const { read } = setUp(change(chain({}, {}, {}, {}, {})));
    expect(await refusal(read)).toBe('unverified audit');
  });

  test('the trail of somebody else is noticed', async () => {
    const { read } = setUp(chain({ patient: KEYS.stranger.id }));
    expect(await refusal(read)).toBe('unverified audit');
  });

  test('a trail that got shorter, or was rewritten, is noticed', async () => {
    const entries = chain({}, {}, {});
    const { read, show } = setUp(entries);
    await read();
    show(entries.slice(0, 2));
    expect(await refusal(read)).toBe('rolled-back audit');
    show(chain({}, { at: 2 }, {}, {}));
    expect(await refusal(read)).toBe('rolled-back audit');
    show([...entries, ...chain({}, {}, {}, {}).slice(3)]);
    expect(await refusal(read)).toBe('accepted');
  });

  test('an opening without its statement is refused', async () => {
    const { evidence: _, ...bare } = await opened();
    expect(await refusal(setUp(chain(bare)).read)).toBe('unverified evidence');
  });

  test('evidence that the event does not name is refused', async () => {
    const { read } = setUp(chain(await opened({ statement: 'A'.repeat(43) })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('evidence that somebody else signed is refused', async () => {
    const { read } = setUp(chain(await opened({}, KEYS.stranger)));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('evidence of another opening is refused', async () => {
    const { read } = setUp(chain(await opened({ subject: { ...SUBJECT, opening: newId<OpeningId>() } })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test.each<[string, Partial<EventDraft['subject']>]>([
    ['another record', { records: [{ record: newId<RecordId>(), version: 1 }] }],
    ['another version', { records: [{ ...opening.records[0]!, version: 2 }] }],
    ['one record more', { records: [...opening.records, { record: newId<RecordId>(), version: 1 }] }],
    ['another folder', { folder: newId<FolderId>() }],
    ['another epoch', { epoch: 2 }],
    ['a grant', { grant: newId<GrantId>() }],
  ])('an event that names %s, which the opening behind it does not, is refused', async (_, change) => {
    const { read } = setUp(chain(await opened({ subject: { ...SUBJECT, ...change } })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('a request is no evidence of an opening', async () => {
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
    const { read } = setUp(chain(await opened({ statement: request.hash, evidence: request.jws })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('what was opened of another patient is no evidence here', async () => {
    const elsewhere = { ...opening, patient: KEYS.stranger.id };
    const { jws, hash } = await signStatement('opening', elsewhere, KEYS.clinician);
    const { read } = setUp(chain(await opened({ statement: hash, evidence: jws })));
    expect(await refusal(read)).toBe('unverified evidence');
  });

  test('one opening is one event', async () => {
    const { read, show } = setUp(chain(await opened(), await opened({ at: 2 })));
    await expect(read()).rejects.toMatchObject({ code: 'unverified', what: 'evidence', index: 2 });
    show(chain(await opened()));
    await read();
    show(chain(await opened(), await opened({ at: 2 })));
    await expect(read()).rejects.toMatchObject({ code: 'unverified', what: 'evidence', index: 2 });
  });

  test.each<[string, EventDraft['kind'], Partial<EventDraft['subject']>, string]>([
    ['the revocation of another grant', 'grant-revoked', { grant: newId<GrantId>() }, 'unverified evidence'],
    ['a revocation as a pause', 'grant-paused', {}, 'unverified evidence'],
    ['a revocation as it is', 'grant-revoked', {}, 'accepted'],
  ])('%s', async (_, kind, change, verdict) => {
    const grant = newId<GrantId>();
    const revocation = await signStatement(
      'revocation',
      { patient: ME, grant, of: 'A'.repeat(43), code: 'other', when: 1 },
      KEYS.patient,
    );
    const { hash: statement, jws: evidence } = revocation;
    const { read } = setUp(chain({ kind, subject: { grant, ...change }, statement, evidence }));
    expect(await refusal(read)).toBe(verdict);
  });
});
