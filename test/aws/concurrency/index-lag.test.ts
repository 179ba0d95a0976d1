// Tests lagging indexes: DynamoDB's indexes may omit recent writes at any time. Lists may lag then, but decisions read items by key and stay correct.
import { expect, test } from '@jest/globals';
import type { AttributeValue, DynamoDBClient, QueryCommandOutput, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { FolderId } from '../../../lib/bytes/ids.ts';
import type { Patient } from '../../../lib/client/index.ts';
import type { AwsClient } from '../../../lib/runtime/container.ts';
import { collect } from '../../../lib/envelope/open.ts';
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
const outstanding = async (patient: Patient, folder: FolderId) =>
  (await patient.outstanding(folder)).map((g) => g.id).sort();

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
  expect(await patient.listFolders()).toEqual([]);
  expect(await patient.listRecords(folder.id)).toEqual([]);
  expect(await patient.listGrants()).toEqual([]);
  expect(await ended.listGrants()).toEqual([]);
  // A grant over everything covers only what the list contains.
  const everything = patient.grant({ recipient: other.id, everything: true, standing: true, ...TERMS });
  await expect(everything).rejects.toMatchObject({ code: 'bad-argument' });

  await patient.revoke(grant);
  await expect(ended.open(await ended.grant(grant.id, patient.id), [first])).rejects.toMatchObject({
    code: 'grant-ended',
  });
  // The next record is filed in a new cell, which the revoked grant does not have, though no list contains the grant or the folder yet.
  const second = await patient.file(folder.id, bytesOf(20), {});
  expect([first.epoch, second.epoch]).toEqual([1, 2]);
  const opened = await patient.open([first, second]);
  expect((await Promise.all(opened.map((o) => collect(o.stream())))).map((b) => b.length)).toEqual([10, 20]);
  expect(await patient.listVersions(second.record)).toHaveLength(1);
  expect(state.hidden).toBeGreaterThan(0);

  catchUp();
  expect(await epochsOf(patient)).toEqual([2]);
  expect((await patient.listRecords(folder.id)).map((r) => r.record).sort()).toEqual(
    [first.record, second.record].sort(),
  );
  // The list from which live grants are carried over did not contain these grants.
  expect(await outstanding(patient, folder.id)).toEqual([kept.id, asked.id].sort());
  expect(await patient.carryOver(folder.id)).toBe(2);
  // Asks again before the list of the cell's grants contains the extensions.
  expect(await outstanding(patient, folder.id)).toEqual([kept.id, asked.id].sort());
  expect(await patient.carryOver(folder.id)).toBe(0);
  catchUp();
  expect(await patient.carryOver(folder.id)).toBe(0);
  const carried = await other.grant(kept.id, patient.id);
  expect((await then.opens(other, carried, [first, second])).map((b) => b.length)).toEqual([10, 20]);

  // The list contains the revocation only now, but its cells were closed before.
  await patient.settle();
  expect(await epochsOf(patient)).toEqual([2]);
}, 60_000);

test('a standing grant that the list omitted at first is carried over to the new folder later', async () => {
  const { at, catchUp } = makeLaggingService();
  const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
  await patient.createFolder({ name: 'First', category: 'letters' });
  catchUp();
  const [standing] = await patient.grant({ recipient: recipient.id, everything: true, standing: true, ...TERMS });
  const later = await patient.createFolder({ name: 'Later', category: 'letters' });
  const record = await patient.file(later.id, bytesOf(10), {});
  const missed = await recipient.grant(standing.id, patient.id);
  expect(missed.cells.map((c) => c.folder)).not.toContain(later.id);
  expect(await outstanding(patient, later.id)).toEqual([]);

  catchUp();
  expect(await outstanding(patient, later.id)).toEqual([standing.id]);
  expect(await patient.carryOver(later.id)).toBe(1);
  const carried = await recipient.grant(standing.id, patient.id);
  expect((await then.opens(recipient, carried, [record])).map((b) => b.length)).toEqual([10]);
  catchUp();
  expect(await patient.carryOver(later.id)).toBe(0);
}, 60_000);
