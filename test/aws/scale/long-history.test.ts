// Tests that a long history does not slow the service: a patient with 500 records, 50 grants and 2,000 events (10,000, 1,000 and 100,000 with COUNTS=long)
// needs the same AWS calls as one with ten of each, with items and answers of about the same size. The history is seeded; the calls run over the API.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import { toAttributes } from '../../../lib/stores/dynamo/item.ts';
import { headKey } from '../../../lib/stores/dynamo/table.ts';
import { bytesOf, DAY_SECONDS, newPerson, patientOf, recipientOf, when, type Person } from '../flows/people.ts';
import { putCellAlone } from '../../support/cell-alone.ts';
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
/** More than one page of each list, with items of the largest size. */
const HEAVY: History = { records: 110, grants: 40, events: 350, heavy: true };

/** In bytes. A DynamoDB query ends after a megabyte of items; the answer adds a little. */
const LARGEST_ANSWER = 1.25 * 1024 * 1024;

const treat = { purpose: 'TREAT', durationSeconds: DAY_SECONDS } as const;
const dynamo = new DynamoDBClient({});
const tallies = makeTallies();
afterAll(() => dynamo.destroy());

/** A method that the AWS SDK's request handler for Node has, but its type does not declare. */
interface Handler {
  readonly updateHttpClientConfig: (key: 'requestTimeout', ms: number) => void;
}

interface CountedCall {
  readonly name: string;
  readonly tally: Tally;
}

/** A service with its own table, and in it a patient with a history. */
const setUp = async (history: History) => {
  const table = await makeTable(dynamo, process.env['MAIN_TABLE']!);
  const made: CountedCall[] = [];
  const { origin, fetch } = makeService({
    env: { ...process.env, MAIN_TABLE: table },
    onClient: (client) => {
      tallies.count(client);
      // Allows requests to take long, because the local AWS reads every item of a partition.
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
  /** Continues the history from the stored heads of trail and chain, because the calls over the API have moved them. */
  const catchUp = async (): Promise<void> =>
    seed.startFrom((await dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item!);
  await catchUp();
  const of: Subject = { person, recipient, folder, seed };
  await makeHistory(of, history);

  /** Makes a raw call, because the SDK refuses the unsigned items of the history. */
  const raw = async (as: Person, call: RawCall): Promise<void> => {
    const { status } = await fetch(await signedRequest(at, as.keys, call));
    expect([call.route, call.query, status]).toEqual([call.route, call.query, 200]);
  };
  /** Returns the API calls made since the last `take`, each with the count of its AWS calls. */
  const take = (): readonly CountedCall[] => made.splice(0);
  return { at, table, of, patient, clinic, raw, take, catchUp };
};
type Setup = Awaited<ReturnType<typeof setUp>>;

/** Makes every call, except those that the SDK cannot make among unsigned items. */
const callRoutes = async ({ at, of, patient, clinic, raw, take }: Setup) => {
  const { person, folder } = of;
  take();
  const record = await patient.file(folder.id, bytesOf(100), {});
  const other = await patient.file(folder.id, bytesOf(100), {});
  const parties = { patient, recipient: clinic, folder: folder.id };
  await patient.approve(await when.asks(parties), { unverifiedRecipient: true });
  await patient.deny(await when.asks(parties));
  await clinic.withdraw(await when.asks(parties));
  const [granted] = await patient.grant({ recipient: clinic.id, folders: [folder.id], ...treat });
  const grant = await clinic.grant(granted.id, patient.id);
  await clinic.open(grant, [record]);
  await clinic.open(grant, [record, other]);
  await patient.open([record, other]);
  await patient.resume(await patient.pause(granted));
  const [standing] = await patient.grant({ recipient: clinic.id, everything: true, standing: true, ...treat });
  const ctx = createContext({ ...person, ...at });
  const cell = await putCellAlone(ctx, { folder: newId<FolderId>(), name: 'Later', category: 'other' });
  await patient.carryOver(cell.payload.folder);
  await patient.createFolder({ name: 'Later', category: 'other' });
  await clinic.giveBack(await clinic.grant(standing.id, patient.id));
  await patient.deleteRecord(other);
  await raw(person, { route: 'get-checkpoint' });
  await raw(person, { route: 'get-record', params: { recordId: record.record } });
  return { granted, done: take() };
};

const page = async ({ of, raw, take }: Setup, grant: Parameters<typeof listsOf>[1], limit: number) => {
  const pages: CountedCall[] = [];
  for (const { as, name, query, ...call } of listsOf(of, grant)) {
    take();
    await raw(as, { ...call, query: `?limit=${limit}${query}` });
    pages.push({ name, tally: take()[0]!.tally });
  }
  return pages;
};

const measure = async (history: History) => {
  const setup = await setUp(history);
  const { granted, done } = await callRoutes(setup);
  await setup.catchUp();
  await makeEnds(setup.of, history);
  const [ten, usual] = [await page(setup, granted.id, 10), await page(setup, granted.id, 50)];
  setup.take();
  await setup.patient.revoke(granted);
  const ended = setup.take();
  await dynamo.send(new DeleteTableCommand({ TableName: setup.table }));
  // Parallel calls may end in any order.
  const all = [...done, ...ended].toSorted((a, b) => a.name.localeCompare(b.name));
  return { 'all calls': all, 'pages of ten': ten, 'pages of fifty': usual };
};

let few: Awaited<ReturnType<typeof measure>>;
let many: Awaited<ReturnType<typeof measure>>;
beforeAll(async () => {
  few = await measure(FEW);
  many = await measure(MANY);
}, 3_600_000);

/** The AWS calls without the number of trips, which depends on how fast parallel calls are answered. */
const callsOf = (made: readonly CountedCall[]) =>
  made.map(({ name, tally: { calls } }) => ({ name, calls: Object.fromEntries(calls) }));

/** Whether two sizes are about the same: numbers have more digits in a long history, and pages contain cursors. */
const isAbout = (a: number, b: number): boolean => Math.abs(a - b) <= 300 + 0.05 * Math.max(a, b);
const differences = (a: readonly CountedCall[], b: readonly CountedCall[]): readonly string[] =>
  a.flatMap(({ name, tally }, i) =>
    (['read', 'put', 'largest', 'answered'] as const)
      .filter((size) => !isAbout(tally[size], b[i]!.tally[size]))
      .map((size) => `${name}: ${size} ${tally[size]}, ${b[i]!.tally[size]}`),
  );

describe('a long history', () => {
  test.each(['all calls', 'pages of ten', 'pages of fifty'] as const)(
    '%s: makes as many AWS calls as with ten of each',
    (part) => {
      expect(callsOf(many[part])).toEqual(callsOf(few[part]));
    },
  );

  test.each(['all calls', 'pages of ten'] as const)(
    '%s: reads, writes and answers about as many bytes as with ten of each',
    (part) => {
      expect(differences(few[part], many[part])).toEqual([]);
    },
  );
});

test('the largest page stays below its limit, even with items of the largest size', async () => {
  const setup = await setUp(HEAVY);
  const [granted] = await setup.patient.grant({ recipient: setup.clinic.id, folders: [setup.of.folder.id], ...treat });
  await setup.catchUp();
  await makeEnds(setup.of, HEAVY);
  const pages = await page(setup, granted.id, 100);
  await dynamo.send(new DeleteTableCommand({ TableName: setup.table }));
  expect(pages.filter((p) => p.tally.answered > LARGEST_ANSWER).map((p) => [p.name, p.tally.answered])).toEqual([]);
  // One page was larger than half of the limit, so the test did reach large pages.
  expect(Math.max(...pages.map((p) => p.tally.answered))).toBeGreaterThan(LARGEST_ANSWER / 2);
}, 600_000);
