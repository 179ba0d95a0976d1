// Tests lagging indexes: DynamoDB's indexes may omit recent writes at any time. Lists may lag then, but decisions read items by key and stay correct.
import { expect, test } from '@jest/globals';
import type { AttributeValue, DynamoDBClient, QueryCommandOutput, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { FolderId } from '../../../lib/bytes/ids.ts';
import type { Grant, Patient } from '../../../lib/client/index.ts';
import type { AwsClient } from '../../../lib/runtime/container.ts';
import { collect } from '../../../lib/envelope/open-blob.ts';
import { bytesOf, given, then } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;
const nameOf = (key: Attributes = {}): string => `${key['pk']?.S} ${key['sk']?.S}`;

interface Input {
  readonly IndexName?: string;
  readonly TransactItems?: readonly TransactWriteItem[];
}

/** A service whose indexes omit everything that was written since the last `catchUp`. */
const makeLaggingService = () => {
  const recent = new Set<string>();
  const state = { hidden: 0 };
  const lag = (client: AwsClient): void => {
    (client as DynamoDBClient).middlewareStack.add(
      (next) => async (args) => {
        const { IndexName, TransactItems = [] } = args.input as Input;
        const result = await next(args);
        for (const { Put, Update } of TransactItems) recent.add(nameOf(Put?.Item ?? Update?.Key));
        if (IndexName === undefined) return result;
        const output = result.output as QueryCommandOutput;
        const shown = output.Items?.filter((item) => !recent.has(nameOf(item)));
        state.hidden += (output.Items?.length ?? 0) - (shown?.length ?? 0);
        return { ...result, output: { ...output, Items: shown } };
      },
      { step: 'initialize', name: 'lag' },
    );
  };
  const { origin, fetch } = makeService({ env: process.env, onClient: lag });
  return { at: { origin, fetch }, state, catchUp: () => recent.clear() };
};

const TERMS = { purpose: 'TREAT', durationSeconds: 3600 } as const;
const epochsOf = async (patient: Patient): Promise<readonly number[]> =>
  (await patient.listFolders()).map((f) => f.epoch);
const idsOf = async (grants: Promise<readonly Grant[]>) => (await grants).map((g) => g.id).sort();
const outstanding = (patient: Patient, folder: FolderId) => idsOf(patient.outstanding(folder));

test('new folders, records and grants work before any list contains them', async () => {
  const { at, state, catchUp } = makeLaggingService();
  const [patient, ended, other] = await Promise.all([given.patient(at), given.recipient(at), given.recipient(at)]);
  const folder = await patient.createFolder({ name: 'Cough, autumn', category: 'laboratory' });
  const first = await patient.file(folder.id, bytesOf(10), {});
  const [grant] = await patient.grant({ recipient: ended.id, folders: [folder.id], ...TERMS });
  const [kept] = await patient.grant({ recipient: other.id, folders: [folder.id], ...TERMS });
  const request = await ended.request({ patient: patient.id, folders: [folder.id], ...TERMS });
  expect((await patient.preview(request)).map((f) => f.id)).toEqual([folder.id]);
  const [asked] = await patient.approve(request, { unverifiedRecipient: true });

  expect(await then.opens(ended, await ended.grant(grant.id, patient.id), [first])).toHaveLength(1);
  expect(await patient.open([first])).toHaveLength(1);
  // The patient's client reads the epochs from the chain, which does not lag. The recipient's lists lag.
  expect(await epochsOf(patient)).toEqual([1]);
  expect(await idsOf(patient.listGrants())).toEqual([grant.id, kept.id, asked.id].sort());
  expect(await patient.listRecords(folder.id)).toEqual([]);
  expect(await ended.listGrants()).toEqual([]);
  expect(state.hidden).toBeGreaterThan(0);

  await patient.revoke(grant);
  await expect(ended.open(await ended.grant(grant.id, patient.id), [first])).rejects.toMatchObject({
    code: 'grant-ended',
  });
  // The client files the next record in a new cell. The other grants get this cell at once, although no list contains them yet. The revoked grant does not.
  const second = await patient.file(folder.id, bytesOf(20), {});
  expect([first.epoch, second.epoch]).toEqual([1, 2]);
  expect(await outstanding(patient, folder.id)).toEqual([]);
  expect(await patient.carryOver(folder.id)).toBe(0);
  const opened = await patient.open([first, second]);
  expect((await Promise.all(opened.map((o) => collect(o.stream())))).map((b) => b.length)).toEqual([10, 20]);
  expect(await patient.listVersions(second.record)).toHaveLength(1);
  const carried = await other.grant(kept.id, patient.id);
  expect((await then.opens(other, carried, [first, second])).map((b) => b.length)).toEqual([10, 20]);

  catchUp();
  expect((await patient.listRecords(folder.id)).map((r) => r.record).sort()).toEqual(
    [first.record, second.record].sort(),
  );
  expect(await idsOf(ended.listGrants())).toEqual([grant.id, asked.id].sort());
  // The list contains the revocation only now, but the cells of the grant were closed before.
  await patient.settle();
  expect(await epochsOf(patient)).toEqual([2]);
});

test('a standing grant that no list contains yet gets the cell of a new folder at once', async () => {
  const { at, catchUp } = makeLaggingService();
  const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
  await patient.createFolder({ name: 'First', category: 'letters' });
  const [standing] = await patient.grant({ recipient: recipient.id, everything: true, standing: true, ...TERMS });
  const later = await patient.createFolder({ name: 'Later', category: 'letters' });
  const record = await patient.file(later.id, bytesOf(10), {});
  expect(await outstanding(patient, later.id)).toEqual([]);
  const carried = await recipient.grant(standing.id, patient.id);
  expect((await then.opens(recipient, carried, [record])).map((b) => b.length)).toEqual([10]);
  catchUp();
  expect(await patient.carryOver(later.id)).toBe(0);
});
