// Tests the folder store: storing folders and new epochs, and closing cells.
import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type IdentityId } from '../../../lib/bytes/ids.ts';
import type { Statement, StatementHash } from '../../../lib/statements/kinds.ts';
import { b64, callOf, eventOf, folderOf, makeFolder, newIdentity, openStores, refusal } from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const put = (patient: IdentityId, statement: Statement<'folder'>, previous?: StatementHash) =>
  stores.folders.put(statement, previous, eventOf('folder-created', patient), callOf(patient));

describe('folders', () => {
  test('a new folder is current, found by folder and by cell', async () => {
    const patient = newIdentity();
    const statement = await makeFolder(stores, patient);
    const { folder } = statement.payload;
    const current = { statement, state: 'current' };
    expect(await stores.folders.find(folder)).toEqual(current);
    expect(await stores.folders.cells([{ folder, epoch: 1 }])).toEqual([current]);
  });

  test('an unknown folder is undefined', async () => {
    const folder = newId<FolderId>();
    expect(await stores.folders.find(folder)).toBeUndefined();
    expect(await stores.folders.cells([{ folder, epoch: 1 }])).toEqual([undefined]);
    expect(await stores.folders.cells([])).toEqual([]);
  });

  test('refuses a second statement under the same id', async () => {
    const patient = newIdentity();
    const statement = await makeFolder(stores, patient);
    const { folder } = statement.payload;
    expect(await put(patient, statement)).toEqual({ repeated: true });
    expect(await refusal(put(patient, folderOf(patient, { folder, salt: b64(16) })))).toBe('already-exists');
    const other = newIdentity();
    expect(await refusal(put(other, folderOf(other, { folder })))).toBe('already-exists');
    expect(await stores.folders.find(folder)).toEqual({ statement, state: 'current' });
  });

  test('a new epoch closes the previous cell, and both cells remain', async () => {
    const patient = newIdentity();
    const first = await makeFolder(stores, patient);
    const { folder } = first.payload;
    const second = folderOf(patient, { folder, epoch: 2, previous: first.hash });
    expect(await put(patient, second, first.hash)).toEqual({ repeated: false });
    expect(await put(patient, second, first.hash)).toEqual({ repeated: true });
    expect(await stores.folders.find(folder)).toEqual({ statement: second, state: 'current' });
    const names = [2, 1, 3, 2].map((epoch) => ({ folder, epoch }));
    expect(await stores.folders.cells(names)).toEqual([
      { statement: second, state: 'current' },
      { statement: first, state: 'closed' },
      undefined,
      { statement: second, state: 'current' },
    ]);
  });

  test('refuses an epoch whose previous statement is not the stored one', async () => {
    const patient = newIdentity();
    const first = await makeFolder(stores, patient);
    const { folder } = first.payload;
    const second = folderOf(patient, { folder, epoch: 2, previous: first.hash });
    const rival = folderOf(patient, { folder, epoch: 2, previous: first.hash, salt: b64(16) });
    await put(patient, second, first.hash);
    expect(await refusal(put(patient, rival, first.hash))).toBe('statement-outdated');
    const unfounded = folderOf(patient, { epoch: 2, previous: b64(32) });
    expect(await refusal(put(patient, unfounded, unfounded.payload.previous))).toBe('statement-outdated');
    expect((await stores.folders.find(folder))?.statement.hash).toBe(second.hash);
  });

  test('refuses an epoch that is not the next one', async () => {
    const patient = newIdentity();
    const first = await makeFolder(stores, patient);
    const { folder } = first.payload;
    const same = folderOf(patient, { folder, epoch: 1, previous: first.hash });
    expect(await refusal(put(patient, same, first.hash))).toBe('statement-outdated');
    const third = folderOf(patient, { folder, epoch: 3, previous: first.hash });
    expect(await refusal(put(patient, third, first.hash))).toBe('statement-outdated');
    expect(await stores.folders.find(folder)).toEqual({ statement: first, state: 'current' });
  });
});
