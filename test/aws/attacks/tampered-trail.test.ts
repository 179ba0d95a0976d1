// Somebody with the table in hand: one entry of a trail is deleted, altered, reordered, inserted, forked or rolled back, right in DynamoDB, at random
// places (DRILLS of each kind). The patient's client finds it and names the first wrong entry.
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
import { createTrail, type TrailEntry } from '../../../lib/client/session/trail.ts';
import { eventHash, GENESIS, nextEvent, type AuditEvent } from '../../../lib/domain/audit-chain.ts';
import { eventKey, headKey } from '../../../lib/stores/dynamo/table.ts';
import { bytesOf, DAY_SECONDS, given, newPerson } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { keepIn, type Clients } from '../stored-items.ts';
import { countOf } from '../../support/case-counts.ts';

const DRILLS = countOf({ small: 1, full: 3, long: 50 });
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

/** At most 25 in all. */
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
const placed = (item: Stored, seq: number): Stored => ({ ...item, sk: { S: eventKey(eventIn(item).patient, seq).sk } });
const below = (n: number): number => Math.floor((new DataView(systemRng(4).buffer).getUint32(0) / 2 ** 32) * n);

/** Every entry from `place` on hashed anew, so that the chain holds together. */
const rehashed = (events: readonly Stored[], place: number): readonly Stored[] => {
  let previous = events[place - 2]?.['hash']?.S ?? GENESIS;
  return events.map((item, i) => {
    if (i + 1 < place) return item;
    const made = withEvent(item, { ...eventIn(item), previous });
    previous = made['hash']!.S!;
    return made;
  });
};
const shifted = (event: AuditEvent): AuditEvent => ({ ...event, at: event.at - 1 });

/** Places count from 1; gives the events as they stand then. */
type Tampering = (events: readonly Stored[], place: number) => readonly Stored[];

const forged = (events: readonly Stored[], place: number): Stored => {
  const [model] = events;
  const { patient } = eventIn(model!);
  const head = { seq: place - 1, hash: events[place - 2]?.['hash']?.S ?? GENESIS };
  const subject = { folder: 'a'.repeat(26), epoch: 1 } as AuditEvent['subject'];
  const draft = { patient, actor: patient, subject, statement: toBase64url(systemRng(32)), at: eventIn(model!).at };
  const { event } = nextEvent(head, { ...draft, kind: 'folder-created' });
  return placed(withEvent(model!, event), place);
};

const KINDS = {
  delete: (events, place) => events.filter((_, i) => i + 1 !== place),
  alter: (events, place) =>
    events.map((e, i) => (i + 1 === place ? { ...e, text: { S: JSON.stringify(shifted(eventIn(e))) } } : e)),
  'alter, with its hash': (events, place) =>
    events.map((e, i) => (i + 1 === place ? withEvent(e, shifted(eventIn(e))) : e)),
  reorder: (events, place) => {
    // With one further on; the last has none and changes places with the one before it.
    const first = Math.min(place, events.length - 1);
    const second = first + 1 + below(events.length - first);
    return events.map((e, i) => {
      if (i + 1 === first) return placed(events[second - 1]!, first);
      return i + 1 === second ? placed(events[first - 1]!, second) : e;
    });
  },
  insert: (events, place) => [
    ...events.slice(0, place - 1),
    forged(events, place),
    ...events.slice(place - 1).map((e, i) => placed(e, place + 1 + i)),
  ],
  fork: (events, place) =>
    rehashed(
      events.map((e, i) => (i + 1 === place ? withEvent(e, shifted(eventIn(e))) : e)),
      place,
    ),
  'roll back': (events) => events.slice(0, -1),
} as const satisfies Record<string, Tampering>;
type Kind = keyof typeof KINDS;

interface Story {
  readonly patient: Patient;
  /** Another client of the same patient. */
  readonly client: (keeps: { memory?: boolean; entries?: number; fresh?: boolean }) => Patient;
  readonly items: readonly Stored[];
  readonly entries: readonly TrailEntry[];
}

const TWELVE = 12;
const story = async (): Promise<Story> => {
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
  expect(entries).toHaveLength(TWELVE);
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

/** The place that the client names; nothing when it finds nothing. */
const named = async (read: Promise<unknown>): Promise<number | undefined> => {
  try {
    await read;
    return undefined;
  } catch (error) {
    if (error instanceof TrailError) return error.index;
    throw error;
  }
};

/** What the first wrong entry is, seen by somebody who knows the whole trail. */
const firstWrong = (before: readonly Stored[], after: readonly Stored[]): number =>
  before.findIndex((e, i) => e['hash']!.S !== after[i]?.['hash']?.S || e['text']!.S !== after[i]?.['text']?.S) + 1;

describe.each(Object.keys(KINDS) as Kind[])('%s', (kind) => {
  let told: Story;
  beforeAll(async () => {
    told = await story();
  });

  /** Tampers at a place, lets `look` see it, and puts everything back. */
  const drill = async (place: number, look: (wrong: number) => Promise<void>): Promise<void> => {
    const events = told.items.filter(isEvent);
    const after = KINDS[kind](events, place);
    const { seq, hash } = { seq: after.length, hash: after.at(-1)!['hash']! };
    const head = { ...told.items.find((i) => !isEvent(i))!, seq: { N: String(seq) }, hash };
    await replace(told.items, [...after, head]);
    try {
      await look(firstWrong(events, after));
    } finally {
      await replace([...after, head], told.items);
    }
    expect(await chainItems(told.patient)).toEqual(told.items);
  };
  const drills = async (look: (wrong: number, place: number) => Promise<void>): Promise<void> => {
    for (let i = 0; i < DRILLS; i++) {
      const place = 1 + below(TWELVE);
      await drill(place, (wrong) => look(wrong, place));
    }
  };

  test('a client that kept the trail and reads all of it names the first wrong entry', async () => {
    await drills(async (wrong) => {
      expect(wrong).toBeGreaterThan(0);
      expect(await named(told.patient.audit({ fromStart: true }))).toBe(wrong);
    });
    expect(await told.patient.audit({ fromStart: true })).toEqual(told.entries);
  }, 300_000);

  test('a client that goes on behind what it kept is told nothing false', async () => {
    await drills(async (wrong, place) => {
      // Only the last that it kept comes again, and what is behind; what it kept stays what it is.
      const found = await named(told.patient.audit());
      const lastChanged = wrong === TWELVE || ['insert', 'fork', 'roll back'].includes(kind);
      if (lastChanged) expect([place, found]).toEqual([place, TWELVE]);
      else if (found === undefined) expect(await told.patient.audit()).toEqual(told.entries);
      else expect([kind, found]).toEqual(['reorder', TWELVE]);
    });
  }, 300_000);

  test('a client that kept its memory only finds it', async () => {
    await drills(async (wrong) => {
      const found = await named(told.client({ memory: true }).audit());
      // Where all that is left holds together, the first that it knows to be another is the last that it saw.
      if (kind === 'fork' || kind === 'roll back') expect(found).toBe(TWELVE);
      else if (kind === 'insert' || kind === 'alter, with its hash') expect(found).toBe(Math.min(wrong + 1, TWELVE));
      else expect(found).toBe(wrong);
    });
  }, 300_000);

  test('a checkpoint that was kept proves it', async () => {
    const checked = told.client({ memory: true });
    const kept = await checked.checkpoint();
    expect(kept).toMatchObject({ seq: TWELVE, hash: told.entries.at(-1)!.hash });
    await drill(TWELVE, async (wrong) => {
      expect(await named(checked.audit({ fromStart: true }))).toBe(wrong);
    });
  });
});

test('what holds together and was never seen before is not found out', async () => {
  const told = await story();
  const events = told.items.filter(isEvent);
  const after = [...KINDS.fork(events, 5), ...told.items.filter((i) => !isEvent(i))];
  await replace(told.items, after);
  expect(await named(told.client({}).audit())).toBeUndefined();
  expect(await named(told.client({ entries: 4 }).audit())).toBeUndefined();
  expect(await named(told.client({ entries: 5 }).audit())).toBe(5);
});

test('evidence that was taken away or exchanged is named by its place', async () => {
  const told = await story();
  const events = told.items.filter(isEvent);
  const [tenth, last] = [events[9]!, events[11]!];
  const { evidence: _, ...bare } = tenth;
  for (const item of [bare, { ...tenth, evidence: last['evidence']! }]) {
    await replace(events, [...events.slice(0, 9), item, ...events.slice(10)]);
    expect(await named(told.patient.audit({ fromStart: true }))).toBe(10);
  }
});

const filedByGrant = async () => {
  const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const gift = { recipient: recipient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY_SECONDS };
  const [add] = await patient.grant({ ...gift, purpose: 'TREAT', right: 'add' });
  const filed = await recipient.file(add, bytesOf(9), {});
  return { patient, receipt: filed.receipt! };
};

test('a receipt without its event is noticed', async () => {
  const { patient, receipt } = await filedByGrant();
  // Found as long as it is there; by a client that never read the trail, so that nothing is kept of it.
  const items = (await chainItems(patient)).filter(isEvent);
  const last = items.at(-1)!;
  expect(last['hash']!.S).toBe(receipt.event);
  await dynamo().send(new DeleteItemCommand({ TableName: TABLE, Key: { pk: last['pk']!, sk: last['sk']! } }));
  await expect(patient.eventOf(receipt)).rejects.toMatchObject({ code: 'unverified', what: 'receipt' });
  await replace([], [last]);
  expect(await patient.eventOf(receipt)).toMatchObject({ hash: receipt.event, kind: 'record-filed' });
});

describe('an opening whose event cannot be written', () => {
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
    ['each time', { name: 'ThrottlingException', status: 400 }, 'busy', 2],
    ['for good', { name: 'AccessDeniedException', status: 400 }, 'internal', 1],
  ] as const)('%s: no records, no event, nothing counted', async (_, injected, code, tries) => {
    const { patient, recipient, folder, records } = await given.folder([bytesOf(9)], at);
    const gift = {
      recipient: recipient.id,
      folders: [folder],
      purpose: 'TREAT',
      durationSeconds: 60,
      openings: 5,
    } as const;
    const [{ id }] = await patient.grant(gift);
    const person = newPerson();
    const other = createRecipient({ origin: failing.origin, fetch: failing.fetch, ...person, tries: 1 });
    await other.register();
    const [{ id: own }] = await patient.grant({ ...gift, recipient: other.id });
    const grant = await other.grant(own);
    const before = (await patient.audit()).length;

    fault = injected;
    refused = 0;
    await expect(other.open(grant, records)).rejects.toMatchObject({ code });
    expect(refused).toBeGreaterThanOrEqual(tries);
    fault = undefined;
    expect((await other.grant(own)).used).toBe(0);
    expect(await patient.audit({ fromStart: true })).toHaveLength(before);

    // The same without the fault: the fault was the reason.
    expect(await other.open(grant, records)).toHaveLength(1);
    expect((await other.grant(own)).used).toBe(1);
    expect((await patient.audit()).at(-1)).toMatchObject({ kind: 'records-opened', actor: other.id });
    expect((await recipient.grant(id)).used).toBe(0);
  });
});
