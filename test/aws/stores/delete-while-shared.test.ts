// Tests a deletion that another device interrupts: after the deletion has read the wraps, that device creates a single-record folder for the record.
import { afterAll, expect, test } from '@jest/globals';
import {
  b64,
  callOf,
  eventOf,
  fake,
  file,
  folderOf,
  makeFolder,
  newIdentity,
  onCommand,
  openStores,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

test('a deletion leaves no wrap when the record is shared alone right before its transaction', async () => {
  const patient = newIdentity();
  const { folder } = (await makeFolder(stores, patient)).payload;
  const filing = await file(stores, { patient, folder });
  const { record } = filing.upload;
  const head = (await stores.records.find(record))!;
  const single = folderOf(patient, { single: { record, version: 1, label: b64(32) } });
  let isNext = true;
  const restore = onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
    if (isNext) {
      isNext = false;
      await stores.folders.put(single, undefined, eventOf('folder-created', patient), callOf(patient), {
        wrap: filing.wrap,
        extensions: [],
      });
    }
    return run();
  });
  const deletion = fake('deletion', patient, { patient, record, of: filing.statement.hash });
  expect(await stores.records.delete(head, deletion, eventOf('record-deleted', patient), callOf(patient))).toEqual({
    repeated: false,
  });
  restore();
  expect((await stores.records.find(record))!.state).toBe('deleted');
  expect(await stores.records.wraps(record)).toEqual([]);
});
