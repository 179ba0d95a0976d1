// Counts the AWS calls of each route with middleware on the clients, and compares docs/aws-calls-per-route.md with the counts. UPDATE_DOCS=1 writes the page.
import { beforeAll, expect, test } from '@jest/globals';
import { ROUTES, type RouteName } from '../../../lib/api/routes.ts';
import { newId, type FolderId, type IdentityId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import { bytesOf, given, newPerson, patientOf, then, when, type Connection } from '../flows/people.ts';
import { putCellAlone } from '../../support/cell-alone.ts';
import { makeService } from '../../support/in-process.ts';
import { partOfPage } from './aws-calls-page.ts';
import { callGetRecord } from '../raw-calls.ts';
import { describeCalls, makeTallies, type Tally } from './count-aws-calls.ts';

const tallies = makeTallies();
const byRoute = new Map<RouteName, Tally>();

const HEAD = `# AWS calls per route

This page lists the calls to AWS that each route makes when it succeeds. [spec/storage.md](spec/storage.md) has the keys and indexes.

- test/aws/scale/aws-calls-per-route.test.ts counts them with middleware on the AWS clients, while the tests call every route on the local AWS. It also compares this page with the counts;
  \`UPDATE_DOCS=1\` writes the page.
- An opening makes two trips: three parallel reads, then one transaction. Presigned URLs need no call.
- With 10,000 records, 1,000 grants and 100,000 events, the calls are the same as with ten of each (test/aws/scale/long-history.test.ts).

| route | calls |
|---|---|
`;

const pageOf = (): string =>
  HEAD +
  (Object.keys(ROUTES) as RouteName[])
    .map((route) => {
      const tally = byRoute.get(route);
      return `| ${route} | ${tally === undefined ? '-' : describeCalls(tally.calls)} |\n`;
    })
    .join('');

/** A standing grant that is paused, resumed and carried over to a folder whose creation was interrupted. */
const useStandingGrant = async (recipient: IdentityId, at: Connection): Promise<void> => {
  const person = newPerson();
  const patient = patientOf(person, at);
  await patient.register();
  await patient.createFolder({ name: 'First', category: 'other' });
  const terms = { recipient, everything: true, standing: true, purpose: 'TREAT' } as const;
  const [standing] = await patient.grant({ ...terms, durationSeconds: 60 });
  await patient.resume(await patient.pause(standing));
  const ctx = createContext({ ...person, origin: at.origin!, fetch: at.fetch! });
  const cell = await putCellAlone(ctx, { folder: newId<FolderId>(), name: 'Later', category: 'other' });
  await patient.carryOver(cell.payload.folder);
};

const callEveryRoute = async (at: Connection): Promise<void> => {
  const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(100), bytesOf(200)], at);
  await recipient.listRecords(grant, folder);
  await then.opens(recipient, grant, records);
  await patient.listFolders();
  await patient.audit();
  await recipient.listRequests();
  await recipient.listGrants();
  await when.asks({ patient, recipient, folder });
  const [asked] = await patient.listRequests('pending');
  await patient.deny(asked!);
  await patient.grant({ recipient: recipient.id, folders: [folder], purpose: 'TREAT', durationSeconds: 60 });
  await recipient.withdraw(await when.asks({ patient, recipient, folder }));
  await useStandingGrant(recipient.id, at);
  await patient.revoke(grant);
  const [unneeded] = await patient.grant({
    recipient: recipient.id,
    folders: [folder],
    purpose: 'TREAT',
    durationSeconds: 600,
  });
  await recipient.giveBack(await recipient.grant(unneeded.id));
  await patient.settle();
  await patient.open(records);
  await patient.checkpoint();
  await patient.deleteRecord(records[0]!);
};

beforeAll(async () => {
  const { origin, fetch } = makeService({
    env: process.env,
    onClient: tallies.count,
    around: async (route, run) => {
      const { answer, tally } = await tallies.around(run);
      if (answer.ok) byRoute.set(route, tally);
      return answer;
    },
  });
  const at = { origin, fetch };
  await callEveryRoute(at);
  await fetch(`${origin}/v1/health`);
  await fetch(`${origin}/v1/service-key`);
  await callGetRecord(at);
});

test('an opening makes two trips to DynamoDB: one to read, one to write', () => {
  const opening = byRoute.get('recapsulate')!;
  expect(opening.trips).toBe(2);
  expect(Object.fromEntries(opening.calls)).toEqual({ BatchGetItem: 3, TransactWriteItems: 1 });
});

test('no route scans the table, and the run called every route', () => {
  for (const [route, { calls }] of byRoute)
    expect([route, [...calls.keys()].filter((c) => c.includes('Scan'))]).toEqual([route, []]);
  // The openapi route has no container and calls no AWS service.
  expect((Object.keys(ROUTES) as RouteName[]).filter((r) => !byRoute.has(r))).toEqual(['openapi']);
});

test('docs/aws-calls-per-route.md shows the counted calls', async () => {
  expect(await partOfPage(0, pageOf())).toBe(pageOf());
});
