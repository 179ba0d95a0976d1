// Tests the record store: committing versions, listing by folder, cell and record, and deleting.
import { afterAll, describe, expect, test } from '@jest/globals';
import { BatchWriteItemCommand, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { newId, type FolderId, type IdentityId, type RecordId } from '../../../lib/bytes/ids.ts';
import { toAttributes } from '../../../lib/stores/dynamo/item.ts';
import { encodeCursor } from '../../../lib/stores/dynamo/page.ts';
import { versionItem, wrapItem } from '../../../lib/stores/dynamo/record-items.ts';
import { recordKey } from '../../../lib/stores/dynamo/table.ts';
import type { NewVersion, PageRequest, StoredLabel, StoredRecord, StoredVersion } from '../../../lib/ports/index.ts';
import {
  b64,
  callOf,
  ENV,
  eventOf,
  fake,
  file,
  filed,
  folderOf,
  makeFolder,
  newIdentity,
  NOW,
  onCommand,
  openStores,
  refusal,
  versionOf,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const commit = (v: NewVersion, head?: StoredRecord) =>
  stores.records.commit(v, head, filed(v), callOf(v.statement.payload.patient));

const withUpload = async (v: NewVersion): Promise<NewVersion> => {
  await stores.uploads.begin(v.upload, callOf(v.statement.payload.patient));
  return v;
};

const headOf = async (v: NewVersion): Promise<StoredRecord> => {
  const head = await stores.records.find(v.statement.payload.record);
  if (head === undefined) throw new Error('not stored');
  return head;
};

const asStored = (v: NewVersion): StoredVersion => ({
  statement: v.statement,
  state: 'committed',
  metadata: v.metadata,
  blob: v.blob,
  event: expect.any(String) as unknown as string,
  filed: NOW,
});

/** The versions of a record that are wrapped for any of the cells. */
const wrapped = async (record: RecordId, cells: readonly { folder: FolderId; epoch: number }[]) => {
  const wraps = await stores.records.wraps(record);
  return new Set(
    wraps.filter((w) => cells.some((c) => c.folder === w.folder && c.epoch === w.epoch)).map((w) => w.version),
  );
};

const setUp = async () => {
  const patient = newIdentity();
  const folder = await makeFolder(stores, patient);
  return { patient, folder: folder.payload.folder, statement: folder };
};

const deletionOf = (v: NewVersion, when = NOW) => {
  const { patient, record } = v.statement.payload;
  return fake('deletion', patient, { patient, record, of: v.statement.hash, when });
};
const remove = async (v: NewVersion, deletion = deletionOf(v), head?: StoredRecord) => {
  const { patient } = v.statement.payload;
  const event = eventOf('record-deleted', patient, { statement: deletion.hash });
  return stores.records.delete(head ?? (await headOf(v)), deletion, event, callOf(patient));
};

const nextEpoch = async ({ patient, folder, statement }: Awaited<ReturnType<typeof setUp>>) => {
  const second = folderOf(patient, { folder, epoch: 2, previous: statement.hash });
  await stores.folders.put(second, statement.hash, eventOf('epoch-started', patient), callOf(patient));
};

describe('committing', () => {
  test('makes the version and its record visible', async () => {
    const w = await setUp();
    const v = await file(stores, w);
    const { record } = v.statement.payload;
    expect(await stores.records.find(record)).toEqual({
      record,
      patient: w.patient,
      folder: w.folder,
      epoch: 1,
      latest: 1,
      latestHash: v.statement.hash,
      state: 'committed',
    });
    expect(await stores.records.version(record, 1)).toEqual(asStored(v));
    expect(await stores.records.versions(record, {})).toEqual({ items: [asStored(v)] });
    expect(await stores.records.blobs(record)).toEqual([{ ...v.blob, filed: NOW }]);
    expect(await wrapped(record, [{ folder: w.folder, epoch: 1 }])).toEqual(new Set([1]));
    expect(await stores.uploads.find(record, v.upload.upload)).toBeUndefined();
  });

  test('an unknown record is undefined and has no versions', async () => {
    const record = newId<RecordId>();
    expect(await stores.records.find(record)).toBeUndefined();
    expect(await stores.records.version(record, 1)).toBeUndefined();
    expect(await stores.records.versions(record, {})).toEqual({ items: [] });
    expect(await stores.records.blobs(record)).toEqual([]);
    expect(await wrapped(record, [])).toEqual(new Set());
  });

  test('committing the same statement again is a repetition', async () => {
    const v = await file(stores, await setUp());
    expect(await commit(v)).toEqual({ repeated: true });
    expect((await stores.audit.list(v.upload.patient, {}, {})).items).toHaveLength(2);
  });

  test('refuses a version without an open upload', async () => {
    const w = await setUp();
    const never = versionOf(w);
    expect(await refusal(commit(never))).toBe('upload-not-found');
    expect(await stores.records.find(never.upload.record)).toBeUndefined();
    const retired = await withUpload(versionOf(w));
    expect(await stores.uploads.retire(retired.upload)).toBe(true);
    expect(await refusal(commit(retired))).toBe('upload-not-found');
    const first = await file(stores, w);
    const head = await headOf(first);
    const again = versionOf({ ...w, record: head.record, head });
    expect(await refusal(commit({ ...again, upload: first.upload }, head))).toBe('upload-not-found');
  });

  test('refuses a version for a cell that is not current', async () => {
    const w = await setUp();
    const late = await withUpload(versionOf(w));
    await nextEpoch(w);
    expect(await refusal(commit(late))).toBe('cell-closed');
    expect(await stores.records.find(late.upload.record)).toBeUndefined();
    const elsewhere = await withUpload(versionOf({ patient: w.patient, folder: newId<FolderId>() }));
    expect(await refusal(commit(elsewhere))).toBe('cell-closed');
    const moved = await file(stores, { ...w, epoch: 2 });
    expect(await wrapped(moved.upload.record, [{ folder: w.folder, epoch: 1 }])).toEqual(new Set());
    expect(await wrapped(moved.upload.record, [{ folder: w.folder, epoch: 2 }])).toEqual(new Set([1]));
  });

  test('refuses a version that is not the next one', async () => {
    const w = await setUp();
    const first = await file(stores, w);
    const { record } = first.upload;
    const head = await headOf(first);
    const second = await file(stores, { ...w, record, head });
    expect((await stores.records.find(record))?.latest).toBe(2);

    const rival = await withUpload(versionOf({ ...w, record, head }));
    expect(await refusal(commit(rival, head))).toBe('version-conflict');
    const anotherFirst = await withUpload(versionOf({ ...w, record }));
    expect(await refusal(commit(anotherFirst))).toBe('already-exists');
    const ahead = await withUpload(versionOf({ ...w, record, head: { ...head, latest: 3 } }));
    expect(await refusal(commit(ahead, { ...head, latest: 3 }))).toBe('version-conflict');
    const now = await headOf(second);
    const skipping = await withUpload(versionOf({ ...w, record, head: { ...now, latest: 3 } }));
    expect(await refusal(commit(skipping, { ...now, latest: 3 }))).toBe('version-conflict');
    const unaware = await withUpload(versionOf({ ...w, record, head: now }));
    expect(await refusal(commit(unaware))).toBe('version-conflict');
    const misled = await withUpload(
      versionOf({ ...w, record, head: { ...(await headOf(second)), latestHash: b64(32) } }),
    );
    expect(await refusal(commit(misled, { ...head, latest: 2, latestHash: b64(32) }))).toBe('version-conflict');
    expect((await stores.records.versions(record, {})).items).toEqual([asStored(first), asStored(second)]);
  });

  test('refuses a version of a deleted record', async () => {
    const w = await setUp();
    const first = await file(stores, w);
    const head = await headOf(first);
    await remove(first);
    const second = await withUpload(versionOf({ ...w, record: head.record, head }));
    expect(await refusal(commit(second, head))).toBe('already-exists');
  });
});

const readAll = async (
  list: (page: PageRequest) => Promise<{ items: readonly StoredVersion[]; next?: string }>,
  limit: number,
) => {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 20; pages++) {
    const page = await list({ cursor, limit });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    seen.push(...page.items.map((v) => v.statement.hash));
    if (page.next === undefined) return seen;
    cursor = page.next;
  }
  throw new Error('the list does not end');
};

describe('listing', () => {
  test('lists the latest version of each record of a folder, oldest record first', async () => {
    const w = await setUp();
    const filings: NewVersion[] = [];
    for (let i = 0; i < 5; i++) filings.push(await file(stores, { ...w, created: NOW + (i === 4 ? 0.5e6 : i * 1e6) }));
    const head = await headOf(filings[1]!);
    const newer = await file(stores, { ...w, record: head.record, head, created: NOW + 9e6 });
    await remove(filings[2]!);
    await file(stores, await setUp());
    const expected = [filings[0]!, filings[4]!, newer, filings[3]!].map((v) => v.statement.hash);
    expect(await readAll((page) => stores.records.listFolder(w.folder, page), 3)).toEqual(expected);
    expect(await readAll((page) => stores.records.listFolder(w.folder, page), 100)).toEqual(expected);
  });

  test('lists the versions that are wrapped for the given cells, cell by cell', async () => {
    const [one, two] = [await setUp(), await setUp()];
    const expected: string[] = [];
    for (const w of [one, two])
      for (let i = 0; i < 3; i++) expected.push((await file(stores, { ...w, created: NOW + i })).statement.hash);
    const hidden = await setUp();
    await file(stores, hidden);
    const cells = [one, hidden, two].filter((w) => w !== hidden).map(({ folder }) => ({ folder, epoch: 1 }));
    const empty = { folder: newId<FolderId>(), epoch: 1 };
    for (const limit of [1, 2, 3, 4, 100])
      expect(await readAll((page) => stores.records.listCells([empty, ...cells, empty], page), limit)).toEqual(
        expected,
      );
    expect(await stores.records.listCells([], {})).toEqual({ items: [] });
  });

  test('shows with each version the label in the wrap for the cell of the list', async () => {
    const w = await setUp();
    const first = await file(stores, w);
    const { record } = first.upload;
    const wrap = { ...first.wrap, companionCiphertext: b64(1120), label: b64(528) };
    const single = folderOf(w.patient, { single: { record, version: 1, label: b64(32) } });
    const carried = { wrap, extensions: [] };
    await stores.folders.put(single, undefined, eventOf('folder-created', w.patient), callOf(w.patient), carried);
    const alone = { folder: single.payload.folder, epoch: 1 };
    const home = { folder: w.folder, epoch: 1 };
    const labelOf = ({ companionCiphertext, label }: StoredLabel) => ({ companionCiphertext, label });
    const labelsIn = async (list: Promise<{ items: readonly { label: StoredLabel }[] }>) =>
      (await list).items.map((v) => v.label);
    expect(await labelsIn(stores.records.listCells([home], {}))).toEqual([labelOf(first.wrap)]);
    expect(await labelsIn(stores.records.listCells([alone], {}))).toEqual([labelOf(wrap)]);
    expect(await labelsIn(stores.records.listFolder(w.folder, {}))).toEqual([labelOf(first.wrap)]);
    const byCell = expect.arrayContaining([
      { ...home, version: 1, ...labelOf(first.wrap) },
      { ...alone, version: 1, ...labelOf(wrap) },
    ]) as unknown;
    expect(await stores.records.wraps(record)).toEqual(byCell);

    await nextEpoch(w);
    const second = await file(stores, { ...w, epoch: 2, record, head: await headOf(first) });
    const { next: cursor } = await stores.records.versions(record, { limit: 1 });
    expect(await stores.records.wraps(record, { limit: 1 })).toEqual(byCell);
    expect((await stores.records.wraps(record, { limit: 1, cursor })).map((v) => v.version)).toEqual([2]);
    expect((await stores.records.wraps(record, {})).map((v) => v.version)).toEqual([1, 1, 2]);
    expect(await refusal(stores.records.wraps(record, { cursor: 'x' }))).toBe('malformed-request cursor');
    expect((await headOf(first)).epoch).toBe(2);
    expect(await labelsIn(stores.records.listFolder(w.folder, {}))).toEqual([labelOf(second.wrap)]);
    await remove(second);
    expect(await stores.records.wraps(record)).toEqual([]);
  });

  test('omits a record whose wrap is gone, because it is being deleted', async () => {
    const w = await setUp();
    const v = await file(stores, w);
    const { pk, sk } = wrapItem(v);
    await stores.dynamo.send(new DeleteItemCommand({ TableName: ENV.MAIN_TABLE, Key: toAttributes({ pk, sk }) }));
    expect(await stores.records.listFolder(w.folder, {})).toEqual({ items: [] });
  });

  test('accepts a cursor only for a cell that the caller names', async () => {
    const [mine, foreign] = [await setUp(), await setUp()];
    await file(stores, mine);
    await file(stores, foreign);
    const sort = `0000000000000#${newId()}#0000000001`;
    const forged = encodeCursor(`${foreign.folder}#1#${sort}`);
    const list = (cursor: string) => stores.records.listCells([{ folder: mine.folder, epoch: 1 }], { cursor });
    expect(await refusal(list(forged))).toBe('malformed-request cursor');
    expect(await refusal(list(encodeCursor(sort)))).toBe('malformed-request cursor');
    expect(await refusal(list(encodeCursor(`${mine.folder}#2#${sort}`)))).toBe('malformed-request cursor');
    expect((await list(encodeCursor(`${mine.folder}#1#${sort}`))).items).toHaveLength(1);
  });

  test('omits a deleted record that the index still contains', async () => {
    const w = await setUp();
    const v = await file(stores, w);
    await remove(v);
    // Simulates a lagging index: stores the wrap again, although the record is deleted.
    await stores.dynamo.send(new PutItemCommand({ TableName: ENV.MAIN_TABLE, Item: toAttributes(wrapItem(v)) }));
    expect(await stores.records.listCells([{ folder: w.folder, epoch: 1 }], {})).toEqual({ items: [] });
  });

  test('lists versions page by page, oldest first', async () => {
    const w = await setUp();
    const all = [await file(stores, w)];
    for (let i = 0; i < 4; i++) {
      const head = await headOf(all[0]!);
      all.push(await file(stores, { ...w, record: head.record, head }));
    }
    const { record } = all[0]!.upload;
    expect(await readAll((page) => stores.records.versions(record, page), 2)).toEqual(all.map((v) => v.statement.hash));
  });
});

/** Writes a record with many versions in bulk, because committing each takes too long. */
const longRecord = async (patient: IdentityId, folder: FolderId, versions: number): Promise<NewVersion> => {
  const record = newId<RecordId>();
  const all = Array.from({ length: versions }, (_, i) =>
    versionOf({ patient, folder, record, changes: { version: i + 1 } }),
  );
  const last = all.at(-1)!;
  const { hash } = last.statement;
  const head = { ...recordKey(record), record, patient, folder, epoch: 1, latest: versions, hash };
  const items = [
    { ...head, state: 'committed' },
    ...all.flatMap((v) => [versionItem(v, { event: 'A'.repeat(43), at: NOW }), wrapItem(v)]),
  ];
  for (let i = 0; i < items.length; i += 25) {
    const puts = items.slice(i, i + 25).map((item) => ({ PutRequest: { Item: toAttributes(item) } }));
    await stores.dynamo.send(new BatchWriteItemCommand({ RequestItems: { [ENV.MAIN_TABLE]: puts } }));
  }
  return last;
};

const remaining = async (record: RecordId, cells: { folder: FolderId; epoch: number }[]) => {
  const { items } = await stores.records.versions(record, { limit: 100 });
  return {
    states: new Set(items.map((v) => v.state)),
    metadata: items.filter((v) => v.metadata !== undefined).length,
    wraps: (await wrapped(record, cells)).size,
  };
};
const DELETED = { states: new Set(['deleted']), metadata: 0, wraps: 0 };

describe('deleting', () => {
  test('keeps statements and blob names, and removes metadata and wraps', async () => {
    const w = await setUp();
    const v = await file(stores, w);
    const { record } = v.upload;
    const deletion = deletionOf(v);
    expect(await remove(v, deletion)).toEqual({ repeated: false });
    expect(await stores.records.find(record)).toMatchObject({ state: 'deleted', deletion: deletion.jws });
    const { metadata: _gone, ...rest } = asStored(v);
    expect(await stores.records.version(record, 1)).toEqual({ ...rest, state: 'deleted' });
    expect(await remaining(record, [{ folder: w.folder, epoch: 1 }])).toEqual(DELETED);
    expect(await stores.records.blobs(record)).toEqual([{ ...v.blob, filed: NOW }]);
    const other = await file(stores, { ...w, created: NOW + 1 });
    // The deleted record does not count towards the limit of a page.
    expect((await stores.records.listFolder(w.folder, { limit: 1 })).items).toMatchObject([asStored(other)]);
    expect((await stores.audit.list(w.patient, {}, {})).items.at(2)?.evidence).toBe(deletion.jws);
  });

  test('deleting again is a repetition, with the same or another statement', async () => {
    const v = await file(stores, await setUp());
    const deletion = deletionOf(v);
    await remove(v, deletion);
    expect(await remove(v, deletion)).toEqual({ repeated: true });
    expect(await remove(v, deletionOf(v, NOW + 1))).toEqual({ repeated: true });
    expect((await headOf(v)).deletion).toBe(deletion.jws);
  });

  test('refuses a statement that does not name the latest version', async () => {
    const w = await setUp();
    const first = await file(stores, w);
    const head = await headOf(first);
    await file(stores, { ...w, record: head.record, head });
    expect(await refusal(remove(first, deletionOf(first), head))).toBe('statement-outdated');
    expect((await headOf(first)).state).toBe('committed');
  });

  test('answers not-found for a record that was never stored', async () => {
    const v = versionOf(await setUp());
    const { record, patient, folder } = v.upload;
    const notStored = { record, patient, folder, epoch: 1, latest: 1, latestHash: v.statement.hash } as const;
    expect(await refusal(remove(v, deletionOf(v), { ...notStored, state: 'committed' }))).toBe('not-found');
  });

  test('deletes a record with more versions than fit into one transaction', async () => {
    const w = await setUp();
    const last = await longRecord(w.patient, w.folder, 100);
    expect(await remove(last)).toEqual({ repeated: false });
    expect(await remaining(last.upload.record, [{ folder: w.folder, epoch: 1 }])).toEqual(DELETED);
  });

  test('a repeated deletion completes an interrupted one', async () => {
    const w = await setUp();
    const last = await longRecord(w.patient, w.folder, 100);
    let transactions = 0;
    const restore = onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      transactions += 1;
      if (transactions > 1) throw new Error('the process died');
      return run();
    });
    await expect(remove(last)).rejects.toThrow('the process died');
    restore();
    const cells = [{ folder: w.folder, epoch: 1 }];
    expect((await headOf(last)).state).toBe('deleted');
    expect(await remaining(last.upload.record, cells)).not.toEqual(DELETED);
    expect(await remove(last)).toEqual({ repeated: true });
    expect(await remaining(last.upload.record, cells)).toEqual(DELETED);
  });
});
