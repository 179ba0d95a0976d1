// Tests a standing grant over many cells (170; 1,500 with COUNTS=long) from its creation to its settlement. The test computes the AWS
// calls of each step from the number of cells. For 1,500 cells they are those in the second part of docs/aws-calls-per-route.md.
import { beforeAll, expect, test } from '@jest/globals';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { RouteName } from '../../../lib/api/routes.ts';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import type { Grant, GrantWithCells, Patient, Recipient, RecordInfo } from '../../../lib/client/index.ts';
import { grantPk } from '../../../lib/stores/dynamo/table.ts';
import { bytesOf, DAY_SECONDS, given, newPerson, patientOf, then } from '../flows/people.ts';
import { putCellAlone } from '../../support/cell-alone.ts';
import { makeService } from '../../support/in-process.ts';
import { countOf } from '../../support/case-counts.ts';
import { keepIn, type Clients } from '../stored-items.ts';
import { partOfPage } from './aws-calls-page.ts';
import { describeCalls, makeTallies, type Tally } from './count-aws-calls.ts';

const FULL = 1500;
const CELLS = countOf({ small: 170, full: 170, long: FULL });

interface CountedCall {
  readonly tally: Tally;
  /** For get-grant: the length of each extension that begins on the page, in bytes. */
  readonly extensions: readonly number[];
}
const clients: Clients = {};
const tallies = makeTallies();
let running: Map<RouteName, CountedCall[]> | undefined;

const { origin, fetch } = makeService({
  env: process.env,
  onClient: (client) => {
    keepIn(clients)(client);
    tallies.count(client);
  },
  around: async (route, run) => {
    const { answer, tally } = await tallies.around(run);
    if (!answer.ok) return answer;
    const { cells = [] } = (await answer.clone().json()) as { readonly cells?: readonly { extension?: string }[] };
    const counted = {
      tally,
      extensions: cells.flatMap((c) => (c.extension === undefined ? [] : [c.extension.length])),
    };
    running?.set(route, [...(running.get(route) ?? []), counted]);
    return answer;
  },
});
const at = { origin, fetch };

/** The calls that each step made, by route. */
const steps = new Map<string, Map<RouteName, CountedCall[]>>();
const step = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
  running = new Map();
  steps.set(name, running);
  const result = await run();
  running = undefined;
  return result;
};
const callsIn = (name: string, route: RouteName): readonly CountedCall[] => steps.get(name)?.get(route) ?? [];

let patient: Patient;
let recipient: Recipient;
let standing: Grant;
let grant: GrantWithCells;
let record: RecordInfo;

/** The number of cells, including the cell of the folder that is created later. */
const withLater = (cells: number): number => cells + 1;

beforeAll(async () => {
  const person = newPerson();
  patient = patientOf(person, at);
  await patient.register();
  recipient = await given.recipient(at);
  const ctx = createContext({ ...person, ...at });
  for (let n = 0; n < CELLS; n++)
    await putCellAlone(ctx, { folder: newId<FolderId>(), name: 'Folder', category: 'other' });
  const terms = { recipient: recipient.id, everything: true, standing: true, purpose: 'TREAT' } as const;
  [standing] = await step('grant', () => patient.grant({ ...terms, durationSeconds: DAY_SECONDS }));
  const later = await step('folder', () => patient.createFolder({ name: 'Later', category: 'other' }));
  record = await patient.file(later.id, bytesOf(10), {});
  grant = await step('get', () => recipient.grant(standing.id, patient.id));
  await step('list', () => recipient.listRecords(grant, later.id));
}, 1_200_000);

test('the grant has every cell, and a record of the last cell opens', async () => {
  expect(standing.extensions).toBe(Math.ceil((CELLS - 80) / 80));
  expect(grant.cells).toHaveLength(withLater(CELLS));
  // The first opening also creates and certifies the proxy key, so it is not counted.
  await recipient.open(grant, [record]);
  const [opened] = await step('open', () => then.opens(recipient, grant, [record]));
  expect(opened).toHaveLength(10);
});

const fragmentsLeft = async (): Promise<number> => {
  let left = 0;
  for (let start: Record<string, { S: string }> | undefined; ;) {
    const page = await clients.dynamo!.send(
      new QueryCommand({
        TableName: process.env['MAIN_TABLE']!,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: grantPk(grant.id) } },
        ConsistentRead: true,
        ExclusiveStartKey: start,
      }),
    );
    left += (page.Items ?? []).filter((i) => i['kfrag'] !== undefined).length;
    start = page.LastEvaluatedKey as typeof start;
    if (start === undefined) return left;
  }
};

test('a revocation ends the grant at once and deletes every key fragment', async () => {
  expect(await fragmentsLeft()).toBe(withLater(CELLS));
  await step('revoke', () => patient.revoke(grant));
  expect(await fragmentsLeft()).toBe(0);
  await expect(recipient.open(grant, [record])).rejects.toMatchObject({ code: 'grant-ended' });
});

test('settling closes its cells, and marks it as settled', async () => {
  await step('settle', () => patient.settle());
  expect(new Set((await patient.listFolders()).map((f) => f.epoch))).toEqual(new Set([2]));
  expect(callsIn('settle', 'settle-grant')).toHaveLength(1);
  // A second call has nothing left to do.
  await step('again', () => patient.settle());
  expect([...steps.get('again')!.keys()].sort()).toEqual(['list-chain', 'list-grants']);
}, 1_200_000);

type Calls = Readonly<Record<string, number>>;

interface Row {
  readonly title: string;
  readonly step: string;
  readonly route: RouteName;
  /** `times`: how often the step calls the route. `calls`: the AWS calls of each such call. Both are for a number of cells. */
  readonly times: (cells: number) => number;
  readonly calls: (cells: number) => Calls;
}
const once = () => 1;
const granting = { BatchGetItem: 2, GetItem: 3, TransactWriteItems: 1 };
const making = { BatchGetItem: 1, GetItem: 3, TransactWriteItems: 1 };

/** The number of pages for `n` items. One more page follows a full page, because the service cannot know that a full page is the last. */
const pages = (n: number, size: number): number => Math.floor(n / size) + 1;

const ROWS: readonly Row[] = [
  { title: 'grant-access with 80 cells', step: 'grant', route: 'grant-access', times: once, calls: () => granting },
  {
    title: 'extend-grant by 80 cells',
    step: 'grant',
    route: 'extend-grant',
    times: (n) => Math.ceil((n - 80) / 80),
    calls: () => ({ BatchGetItem: 2, GetItem: 2, TransactWriteItems: 1 }),
  },
  { title: 'create-folder, extending it', step: 'folder', route: 'create-folder', times: once, calls: () => making },
  {
    title: 'get-grant, a page of 50 cells',
    step: 'get',
    route: 'get-grant',
    times: (n) => pages(withLater(n), 50),
    calls: () => ({ BatchGetItem: 2, GetItem: 1, Query: 1 }),
  },
  {
    title: 'list-records of a folder',
    step: 'list',
    route: 'list-records',
    times: once,
    calls: () => ({ BatchGetItem: 2, GetItem: 1, Query: 2 }),
  },
  {
    title: 'recapsulate, one record',
    step: 'open',
    route: 'recapsulate',
    times: once,
    calls: () => ({ BatchGetItem: 3, TransactWriteItems: 1 }),
  },
  {
    title: 'revoke-grant',
    step: 'revoke',
    route: 'revoke-grant',
    times: once,
    calls: (n) => ({
      BatchGetItem: 1,
      GetItem: 2,
      Query: 1 + pages(withLater(n), 80),
      TransactWriteItems: Math.ceil(withLater(n) / 80),
    }),
  },
  {
    title: 'create-folder, closing a cell',
    step: 'settle',
    route: 'create-folder',
    times: withLater,
    calls: () => ({ GetItem: 3, TransactWriteItems: 1 }),
  },
  {
    title: 'settle-grant',
    step: 'settle',
    route: 'settle-grant',
    times: once,
    calls: (n) => ({
      BatchGetItem: 1 + Math.ceil(withLater(n) / 100),
      GetItem: 1,
      Query: pages(withLater(n), 100) + pages(withLater(n), 80),
      TransactWriteItems: 1,
    }),
  },
];

test.each(ROWS)(
  '$title: makes the expected number of calls, each with the expected AWS calls',
  ({ step: name, route, times, calls }) => {
    const counted = callsIn(name, route);
    expect(counted).toHaveLength(times(CELLS));
    for (const { tally } of counted) expect(Object.fromEntries(tally.calls)).toEqual(calls(CELLS));
  },
);

const KB = 1024;
const inKB = (bytes: number): string => (bytes === 0 ? '-' : String(Math.ceil(bytes / KB)));
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const largestItem = (counted: readonly CountedCall[]): number => Math.max(0, ...counted.map((m) => m.tally.largest));
/** The size of the largest answer, without the extensions in it: the page on which an extension begins differs from run to run. */
const largestAnswer = (counted: readonly CountedCall[]): number =>
  Math.max(0, ...counted.map((m) => m.tally.answered - sum(m.extensions)));
const longestExtension = (): number => Math.max(0, ...callsIn('get', 'get-grant').flatMap((m) => m.extensions));

const rowOf = ({ title, step: name, route, times, calls }: Row): string => {
  const counted = callsIn(name, route);
  const awsCalls = describeCalls(new Map(Object.entries(calls(FULL))));
  const sizes = [largestItem(counted), largestAnswer(counted)].map(inKB);
  return `| ${title} | ${times(FULL).toLocaleString('en')} | ${awsCalls} | ${sizes.join(' | ')} |\n`;
};

const sectionOf = (): string => `
## A standing grant over 1,500 cells

The SDK makes a standing grant over all existing folders, adds a folder, reads the grant, opens a record, revokes the grant and settles it
(test/aws/scale/large-grant.test.ts: 1,500 cells with \`COUNTS=long\`, else 170 by the same rules).

- The sizes are the largest written item and the answer, in KB, rounded up. A page of get-grant has ${inKB(longestExtension())} KB more for each extension that begins on it.
- A revocation deletes 80 key fragments in its own transaction, which ends the grant. The others follow, 80 at a time.

| call | times | calls to AWS each time | largest item | answer |
|---|---|---|---|---|
${ROWS.map(rowOf).join('')}`;

test('docs/aws-calls-per-route.md shows the counted calls', async () => {
  expect(await partOfPage(1, sectionOf())).toBe(sectionOf());
});
