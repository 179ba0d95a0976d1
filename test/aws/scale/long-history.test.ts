// A patient with ten records, grants and events beside one with 500, 50 and 2,000 (10,000, 1,000 and 100,000 with COUNTS=long): whatever is done, and whatever
// page is listed, takes the same calls to AWS, and items and answers of about the same size. The history is seeded, the rest happens over the API.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import { putCell, signCell } from '../../../lib/client/access/create-cell.ts';
import { toAttributes } from '../../../lib/stores/dynamo/item.ts';
import { headKey } from '../../../lib/stores/dynamo/table.ts';
import { bytesOf, DAY_SECONDS, newPerson, patientOf, recipientOf, when, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { countOf } from '../../support/case-counts.ts';
import { listsOf, makeEnds, makeHistory, type History, type Subject } from './history.ts';
import { signedRequest, type RawCall } from '../raw-calls.ts';
import { makeSeed, makeTable } from './seed-history.ts';
import { makeTallies, type Tally } from './count-aws-calls.ts';

const FEW: History = { records: 10, grants: 10, events: 10 };
const MANY: History = {
  records: countOf({ small: 500, full: 500, long: 10_000 }),
  grants: countOf({ small: 50, full: 50, long: 1_000 }),
  events: countOf({ small: 2_000, full: 2_000, long: 100_000 }),
};
/** More than fits into a page of anything. */
const HEAVY: History = { records: 110, grants: 40, events: 350, heavy: true };

/** A query ends after a megabyte of items; the answer has a little more around them. */
const LARGEST_ANSWER = 1.25 * 1024 * 1024;

const treat = { purpose: 'TREAT', durationSeconds: DAY_SECONDS } as const;
const dynamo = new DynamoDBClient({});
const tallies = makeTallies();
afterAll(() => dynamo.destroy());

/** What the SDK's handler for Node has besides its interface. */
interface Handler {
  readonly updateHttpClientConfig: (key: 'requestTimeout', ms: number) => void;
}

interface Made {
  readonly name: string;
  readonly tally: Tally;
}

/** A service over a table of its own, and in it a patient with a history. */
const begin = async (history: History) => {
  const table = await makeTable(dynamo, process.env['MAIN_TABLE']!);
  const made: Made[] = [];
  const { origin, fetch } = makeService({
    env: { ...process.env, MAIN_TABLE: table },
    onClient: (client) => {
      tallies.count(client);
      // The local AWS looks at every item of a partition, and takes its time.
      (client.config.requestHandler as unknown as Handler).updateHttpClientConfig('requestTimeout', 300_000);
    },
    around: async (route, run) => {
      const { answer, tally } = await tallies.around(run);
      made.push({ name: route, tally });
      return answer;
    },
  });
  const at = { origin, fetch };
  const [person, recipient] = [newPerson(), newPerson()];
  const [patient, clinic] = [patientOf(person, at), recipientOf(recipient, at)];
  await patient.register();
  await clinic.register();
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const seed = makeSeed(dynamo, table);
  const Key = toAttributes({ ...headKey(patient.id) });
  seed.startFrom((await dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item!);
  const of: Subject = { person, recipient, folder, seed };
  await makeHistory(of, history);

  /** Without the SDK, which takes nothing that is not signed. */
  const raw = async (as: Person, call: RawCall): Promise<void> => {
    const { status } = await fetch(await signedRequest(at, as.keys, call));
    expect([call.route, call.query, status]).toEqual([call.route, call.query, 200]);
  };
  /** Calls that were made since they were taken last. */
  const take = (): readonly Made[] => made.splice(0);
  return { at, table, of, patient, clinic, raw, take };
};
type World = Awaited<ReturnType<typeof begin>>;

/** Everything there is to do, but what the SDK does not do among what nobody signed. */
const story = async ({ at, of, patient, clinic, raw, take }: World) => {
  const { person, folder } = of;
  take();
  const record = await patient.file(folder.id, bytesOf(100), {});
  const other = await patient.file(folder.id, bytesOf(100), {});
  const parties = { patient, recipient: clinic, folder: folder.id };
  await patient.approve(await when.asks(parties), { unverifiedRecipient: true });
  await patient.deny(await when.asks(parties));
  await clinic.withdraw(await when.asks(parties));
  const [gift] = await patient.grant({ recipient: clinic.id, folders: [folder.id], ...treat });
  const grant = await clinic.grant(gift.id, patient.id);
  await clinic.open(grant, [record]);
  await clinic.open(grant, [record, other]);
  await patient.open([record, other]);
  await patient.resume(await patient.pause(gift));
  const [standing] = await patient.grant({ recipient: clinic.id, everything: true, standing: true, ...treat });
  const ctx = createContext({ ...person, ...at });
  const cell = await signCell(ctx, { folder: newId<FolderId>(), name: 'Later', category: 'other' });
  await putCell(ctx, cell, [], {});
  await patient.carryOver(cell.payload.folder);
  await patient.createFolder({ name: 'Later', category: 'other' });
  await clinic.giveBack(await clinic.grant(standing.id, patient.id));
  await patient.deleteRecord(other);
  await raw(person, { route: 'get-checkpoint' });
  await raw(person, { route: 'get-record', params: { recordId: record.record } });
  return { gift, done: take() };
};

const page = async ({ of, raw, take }: World, grant: Parameters<typeof listsOf>[1], limit: number) => {
  const pages: Made[] = [];
  for (const { as, name, query, ...call } of listsOf(of, grant)) {
    take();
    await raw(as, { ...call, query: `?limit=${limit}${query}` });
    pages.push({ name, tally: take()[0]!.tally });
  }
  return pages;
};

const live = async (history: History) => {
  const world = await begin(history);
  const { gift, done } = await story(world);
  await makeEnds(world.of, history);
  const [ten, usual] = [await page(world, gift.id, 10), await page(world, gift.id, 50)];
  world.take();
  await world.patient.revoke(gift);
  const ended = world.take();
  await dynamo.send(new DeleteTableCommand({ TableName: world.table }));
  return { 'what is done': [...done, ...ended], 'pages of ten': ten, 'pages of fifty': usual };
};

let few: Awaited<ReturnType<typeof live>>;
let many: Awaited<ReturnType<typeof live>>;
beforeAll(async () => {
  few = await live(FEW);
  many = await live(MANY);
}, 3_600_000);

/** Without the trips: whether two chains of calls that run side by side leave a gap between them depends on how fast each answers. */
const callsOf = (made: readonly Made[]) =>
  made.map(({ name, tally: { calls } }) => ({ name, calls: Object.fromEntries(calls) }));

/** Numbers grow by digits, and a page names where the list goes on. */
const isAbout = (a: number, b: number): boolean => Math.abs(a - b) <= 300 + 0.05 * Math.max(a, b);
const apart = (a: readonly Made[], b: readonly Made[]): readonly string[] =>
  a.flatMap(({ name, tally }, i) =>
    (['read', 'put', 'largest', 'answered'] as const)
      .filter((size) => !isAbout(tally[size], b[i]!.tally[size]))
      .map((size) => `${name}: ${size} ${tally[size]}, ${b[i]!.tally[size]}`),
  );

describe('with many', () => {
  test.each(['what is done', 'pages of ten', 'pages of fifty'] as const)('%s: as many calls as with ten', (part) => {
    expect(callsOf(many[part])).toEqual(callsOf(few[part]));
  });

  test.each(['what is done', 'pages of ten'] as const)('%s: as much to read, write and answer as with ten', (part) => {
    expect(apart(few[part], many[part])).toEqual([]);
  });
});

test('the largest pages are bounded, whatever is in them', async () => {
  const world = await begin(HEAVY);
  const [gift] = await world.patient.grant({ recipient: world.clinic.id, folders: [world.of.folder.id], ...treat });
  await makeEnds(world.of, HEAVY);
  const pages = await page(world, gift.id, 100);
  await dynamo.send(new DeleteTableCommand({ TableName: world.table }));
  expect(pages.filter((p) => p.tally.answered > LARGEST_ANSWER).map((p) => [p.name, p.tally.answered])).toEqual([]);
  // There was more than that to be had.
  expect(Math.max(...pages.map((p) => p.tally.answered))).toBeGreaterThan(LARGEST_ANSWER / 2);
}, 600_000);
