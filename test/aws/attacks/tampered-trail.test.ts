// Tests a tampered audit trail: one entry is deleted, altered, reordered, inserted, forked or rolled back in DynamoDB, at random positions
// (RUNS of each kind). The patient's client detects it and names the first wrong entry.
import type { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { createPatient, createRecipient, TrailError, type Patient } from '../../../lib/client/index.ts';
import { createMemory, importMemory } from '../../../lib/client/session/memory.ts';
import { createTrail, type TrailEntry } from '../../../lib/client/session/verified-trail.ts';
import { eventHash, GENESIS, nextEvent, type AuditEvent } from '../../../lib/domain/audit-chain.ts';
import { eventKey, headKey } from '../../../lib/stores/dynamo/table.ts';
import { bytesOf, DAY_SECONDS, given, newPerson } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { keepIn, type Clients } from '../stored-items.ts';
import { countOf } from '../../support/case-counts.ts';

const RUNS = countOf({ small: 1, full: 3, long: 50 });
const TABLE = process.env['MAIN_TABLE']!;

const clients: Clients = {};
const service = makeService({ env: process.env, onClient: keepIn(clients) });
const at = { origin: service.origin, fetch: service.fetch };
const dynamo = (): DynamoDBClient => clients.dynamo!;

type Stored = Record<string, AttributeValue>;

const chainItems = async (patient: Patient): Promise<readonly Stored[]> => {
  const query = {
    TableName: TABLE,
    KeyConditionExpression: 'pk = :pk AND sk < :k',
    ExpressionAttributeValues: { ':pk': { S: headKey(patient.id).pk }, ':k': { S: 'K' } },
    ConsistentRead: true,
  };
  return (await dynamo().send(new QueryCommand(query))).Items ?? [];
};
const isEvent = (item: Stored): boolean => item['sk']!.S!.startsWith('E#');

/** Makes the stored items equal `after`. DynamoDB takes at most 25 writes at once. */
const replace = async (before: readonly Stored[], after: readonly Stored[]): Promise<void> => {
  const kept = new Set(after.map((i) => i['sk']!.S));
  const gone = before.filter((i) => !kept.has(i['sk']!.S));
  const writes = [
    ...after.map((Item) => ({ PutRequest: { Item } })),
    ...gone.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk: pk!, sk: sk! } } })),
  ];
  const { UnprocessedItems } = await dynamo().send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: writes } }));
  expect(UnprocessedItems ?? {}).toEqual({});
};

const eventIn = (item: Stored): AuditEvent => JSON.parse(item['text']!.S!) as AuditEvent;
const withEvent = (item: Stored, event: AuditEvent): Stored => {
  const text = JSON.stringify(event);
  return { ...item, text: { S: text }, hash: { S: eventHash(text) } };
};
const withSeq = (item: Stored, seq: number): Stored => ({
  ...item,
  sk: { S: eventKey(eventIn(item).patient, seq).sk },
});
const below = (n: number): number => Math.floor((new DataView(systemRng(4).buffer).getUint32(0) / 2 ** 32) * n);

/** Computes new hashes for all entries from `position` to the end, so that the chain is consistent. */
const rehashed = (events: readonly Stored[], position: number): readonly Stored[] => {
  let previous = events[position - 2]?.['hash']?.S ?? GENESIS;
  return events.map((item, i) => {
    if (i + 1 < position) return item;
    const made = withEvent(item, { ...eventIn(item), previous });
    previous = made['hash']!.S!;
    return made;
  });
};
const withEarlierTime = (event: AuditEvent): AuditEvent => ({ ...event, at: event.at - 1 });

/** Changes a trail at a position, which counts from 1. Returns all events of the changed trail. */
type Tampering = (events: readonly Stored[], position: number) => readonly Stored[];

const forgedEvent = (events: readonly Stored[], position: number): Stored => {
  const [model] = events;
  const { patient } = eventIn(model!);
  const head = { seq: position - 1, hash: events[position - 2]?.['hash']?.S ?? GENESIS };
  const subject = { folder: 'a'.repeat(26), epoch: 1 } as AuditEvent['subject'];
  const draft = { patient, actor: patient, subject, statement: toBase64url(systemRng(32)), at: eventIn(model!).at };
  const { event } = nextEvent(head, { ...draft, kind: 'folder-created' });
  return withSeq(withEvent(model!, event), position);
};

const KINDS = {
  delete: (events, position) => events.filter((_, i) => i + 1 !== position),
  alter: (events, position) =>
    events.map((e, i) => (i + 1 === position ? { ...e, text: { S: JSON.stringify(withEarlierTime(eventIn(e))) } } : e)),
  'alter, with its hash': (events, position) =>
    events.map((e, i) => (i + 1 === position ? withEvent(e, withEarlierTime(eventIn(e))) : e)),
  reorder: (events, position) => {
    // Swaps the event with a later one. The last event is swapped with the one before it.
    const first = Math.min(position, events.length - 1);
    const second = first + 1 + below(events.length - first);
    return events.map((e, i) => {
      if (i + 1 === first) return withSeq(events[second - 1]!, first);
      return i + 1 === second ? withSeq(events[first - 1]!, second) : e;
    });
  },
  insert: (events, position) => [
    ...events.slice(0, position - 1),
    forgedEvent(events, position),
    ...events.slice(position - 1).map((e, i) => withSeq(e, position + 1 + i)),
  ],
  fork: (events, position) =>
    rehashed(
      events.map((e, i) => (i + 1 === position ? withEvent(e, withEarlierTime(eventIn(e))) : e)),
      position,
    ),
  'roll back': (events) => events.slice(0, -1),
} as const satisfies Record<string, Tampering>;
type Kind = keyof typeof KINDS;

interface Setup {
  readonly patient: Patient;
  /** Creates another client of the same patient, with the first `entries` entries of the trail. With `memory`, it also knows the last head. */
  readonly client: (keeps: { memory?: boolean; entries?: number; fresh?: boolean }) => Patient;
  readonly items: readonly Stored[];
  readonly entries: readonly TrailEntry[];
}

const LENGTH = 12;
const setUp = async (): Promise<Setup> => {
  const person = newPerson();
  const trail = createTrail();
  const connect = { ...at, ...person };
  const patient = createPatient({ ...connect, trail });
  await patient.register();
  const folders = [];
  for (let i = 0; i < 7; i++) folders.push(await patient.createFolder({ name: `folder ${i}`, category: 'other' }));
  const record = await patient.file(folders[0]!.id, bytesOf(9), {});
  for (let i = 0; i < 3; i++) await patient.open([record]);
  const entries = await patient.audit();
  expect(entries).toHaveLength(LENGTH);
  const memory = patient.memory.export();
  return {
    patient,
    items: await chainItems(patient),
    entries,
    client: ({ memory: remembers = false, entries: length = 0 }) => {
      const kept = entries.slice(0, length);
      const { seq, hash } = kept.at(-1) ?? { seq: 0, hash: GENESIS };
      return createPatient({
        ...connect,
        trail: createTrail({ entries: kept, checkpoints: [] }),
        memory: remembers
          ? importMemory(person.keys.id, memory)
          : createMemory(person.keys.id, { ...memory, audit: { seq, hash } }),
      });
    },
  };
};

/** The position that the client's error names; undefined if the client detects nothing. */
const reportedPosition = async (read: Promise<unknown>): Promise<number | undefined> => {
  try {
    await read;
    return undefined;
  } catch (error) {
    if (error instanceof TrailError) return error.index;
    throw error;
  }
};

/** The first wrong position, computed with knowledge of the whole trail. */
const firstWrong = (before: readonly Stored[], after: readonly Stored[]): number =>
  before.findIndex((e, i) => e['hash']!.S !== after[i]?.['hash']?.S || e['text']!.S !== after[i]?.['text']?.S) + 1;

describe.each(Object.keys(KINDS) as Kind[])('%s', (kind) => {
  let data: Setup;
  beforeAll(async () => {
    data = await setUp();
  });

  /** Tampers at a position, runs `look`, and restores all items. */
  const tamperAt = async (position: number, look: (wrong: number) => Promise<void>): Promise<void> => {
    const events = data.items.filter(isEvent);
    const after = KINDS[kind](events, position);
    const { seq, hash } = { seq: after.length, hash: after.at(-1)!['hash']! };
    const head = { ...data.items.find((i) => !isEvent(i))!, seq: { N: String(seq) }, hash };
    await replace(data.items, [...after, head]);
    try {
      await look(firstWrong(events, after));
    } finally {
      await replace([...after, head], data.items);
    }
    expect(await chainItems(data.patient)).toEqual(data.items);
  };
  const tamperRepeatedly = async (look: (wrong: number, position: number) => Promise<void>): Promise<void> => {
    for (let i = 0; i < RUNS; i++) {
      const position = 1 + below(LENGTH);
      await tamperAt(position, (wrong) => look(wrong, position));
    }
  };

  test('a client that kept the trail and reads all of it reports the first wrong entry', async () => {
    await tamperRepeatedly(async (wrong) => {
      expect(wrong).toBeGreaterThan(0);
      expect(await reportedPosition(data.patient.audit({ fromStart: true }))).toBe(wrong);
    });
    expect(await data.patient.audit({ fromStart: true })).toEqual(data.entries);
  }, 300_000);

  test('a client that reads only new entries never accepts a false entry', async () => {
    await tamperRepeatedly(async (wrong, position) => {
      // The service sends the client's last stored entry and the newer ones. The older entries of the client stay as they are.
      const found = await reportedPosition(data.patient.audit());
      const lastChanged = wrong === LENGTH || ['insert', 'fork', 'roll back'].includes(kind);
      if (lastChanged) expect([position, found]).toEqual([position, LENGTH]);
      else if (found === undefined) expect(await data.patient.audit()).toEqual(data.entries);
      else expect([kind, found]).toEqual(['reorder', LENGTH]);
    });
  }, 300_000);

  test('a client that kept only its memory detects the change', async () => {
    await tamperRepeatedly(async (wrong) => {
      const found = await reportedPosition(data.client({ memory: true }).audit());
      // If the changed trail is consistent, the client knows only one wrong entry: the last one that it saw.
      if (kind === 'fork' || kind === 'roll back') expect(found).toBe(LENGTH);
      else if (kind === 'insert' || kind === 'alter, with its hash') expect(found).toBe(Math.min(wrong + 1, LENGTH));
      else expect(found).toBe(wrong);
    });
  }, 300_000);

  test('a stored checkpoint reveals a change of the last event', async () => {
    const checked = data.client({ memory: true });
    const kept = await checked.checkpoint();
    expect(kept).toMatchObject({ seq: LENGTH, hash: data.entries.at(-1)!.hash });
    await tamperAt(LENGTH, async (wrong) => {
      expect(await reportedPosition(checked.audit({ fromStart: true }))).toBe(wrong);
    });
  });
});

test('a client cannot detect a consistent fork of entries that it never saw', async () => {
  const data = await setUp();
  const events = data.items.filter(isEvent);
  const after = [...KINDS.fork(events, 5), ...data.items.filter((i) => !isEvent(i))];
  await replace(data.items, after);
  expect(await reportedPosition(data.client({}).audit())).toBeUndefined();
  expect(await reportedPosition(data.client({ entries: 4 }).audit())).toBeUndefined();
  expect(await reportedPosition(data.client({ entries: 5 }).audit())).toBe(5);
});

test('reports the position of an event whose evidence is missing or exchanged', async () => {
  const data = await setUp();
  const events = data.items.filter(isEvent);
  const [tenth, last] = [events[9]!, events[11]!];
  const { evidence: _, ...bare } = tenth;
  for (const item of [bare, { ...tenth, evidence: last['evidence']! }]) {
    await replace(events, [...events.slice(0, 9), item, ...events.slice(10)]);
    expect(await reportedPosition(data.patient.audit({ fromStart: true }))).toBe(10);
  }
});

const filedByGrant = async () => {
  const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const terms = { recipient: recipient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY_SECONDS };
  const [add] = await patient.grant({ ...terms, purpose: 'TREAT', right: 'add' });
  const filed = await recipient.file(add, bytesOf(9), {});
  return { patient, receipt: filed.receipt! };
};

test('reports a receipt whose event was deleted from the trail', async () => {
  const { patient, receipt } = await filedByGrant();
  // This client never read the trail, so it has no entries stored. It finds the event while the event exists.
  const items = (await chainItems(patient)).filter(isEvent);
  const last = items.at(-1)!;
  expect(last['hash']!.S).toBe(receipt.event);
  await dynamo().send(new DeleteItemCommand({ TableName: TABLE, Key: { pk: last['pk']!, sk: last['sk']! } }));
  await expect(patient.eventOf(receipt)).rejects.toMatchObject({ code: 'unverified', what: 'receipt' });
  await replace([], [last]);
  expect(await patient.eventOf(receipt)).toMatchObject({ hash: receipt.event, kind: 'record-filed' });
});

describe('an opening when DynamoDB refuses to write its event', () => {
  let fault: { readonly name: string; readonly status: number } | undefined;
  let refused = 0;
  const failing = makeService({
    env: process.env,
    onClient: (client) => {
      (client as DynamoDBClient).middlewareStack.add(
        (next) => (args) => {
          const { TransactItems } = args.input as {
            TransactItems?: TransactWriteItemsCommand['input']['TransactItems'];
          };
          const writesEvent = (TransactItems ?? []).some((i) => i.Put?.Item?.['sk']?.S === 'HEAD');
          if (fault === undefined || !writesEvent) return next(args);
          refused += 1;
          const { name, status } = fault;
          return Promise.reject(Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } }));
        },
        { step: 'initialize', name: 'fault' },
      );
    },
  });

  test.each([
    ['a temporary fault', { name: 'ThrottlingException', status: 400 }, 'busy', 2],
    ['a permanent fault', { name: 'AccessDeniedException', status: 400 }, 'internal', 1],
  ] as const)('%s: returns no records, writes no event, counts nothing', async (_, injected, code, tries) => {
    const { patient, recipient, folder, records } = await given.folder([bytesOf(9)], at);
    const terms = {
      recipient: recipient.id,
      folders: [folder],
      purpose: 'TREAT',
      durationSeconds: 60,
      openings: 5,
    } as const;
    const [{ id }] = await patient.grant(terms);
    const person = newPerson();
    const other = createRecipient({ origin: failing.origin, fetch: failing.fetch, ...person, tries: 1 });
    await other.register();
    const [{ id: own }] = await patient.grant({ ...terms, recipient: other.id });
    const grant = await other.grant(own);
    const before = (await patient.audit()).length;

    fault = injected;
    refused = 0;
    await expect(other.open(grant, records)).rejects.toMatchObject({ code });
    expect(refused).toBeGreaterThanOrEqual(tries);
    fault = undefined;
    expect((await other.grant(own)).used).toBe(0);
    expect(await patient.audit({ fromStart: true })).toHaveLength(before);

    // The same call succeeds without the fault, so the fault was the only reason.
    expect(await other.open(grant, records)).toHaveLength(1);
    expect((await other.grant(own)).used).toBe(1);
    expect((await patient.audit()).at(-1)).toMatchObject({ kind: 'records-opened', actor: other.id });
    expect((await recipient.grant(id)).used).toBe(0);
  });
});
