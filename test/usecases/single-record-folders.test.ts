// Tests folders with a single record version: creating one, filing into it, and the grants that it refuses.
import { describe, expect, test } from '@jest/globals';
import { newId, type RecordId } from '../../lib/bytes/ids.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { b64, epochAfter, filingOf, folderOf, grantOf, patient, recipient } from './people.ts';
import { begin, clinic, commit, lastEvent, refused, send, type Clinic } from './clinic.ts';
import type { StoredLabel } from '../../lib/ports/index.ts';
import { hashOfLabel, wrapOf } from '../support/wraps.ts';
import { NOT_FOUND, authorship, folderId, idOf, invalid, makeGrant } from './grant-calls.ts';

describe('create-folder with a single record', () => {
  const put = (w: Clinic, statement: Statement<'folder'>, body: object) =>
    send(w, 'create-folder', patient, {
      params: { folderId: folderId(statement) },
      body: { statement: statement.jws, ...body },
    });

  test('a single-record folder needs the wrap of its record version', async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const wrap = wrapOf(w.letter.fileKey, w.folder, { record, version: 1 });
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(wrap) } });
    expect(await refused(w, () => put(w, single, {}))).toEqual(invalid('single'));
    expect(await refused(w, () => put(w, single, { wrap: w.letter.body.wrap }))).toEqual(invalid('single'));
    expect(await refused(w, () => put(w, w.folder, { wrap }))).toEqual(invalid('single'));
    const bad = { ...wrap, capsule: b64(105) };
    expect(await refused(w, () => put(w, single, { wrap: bad }))).toEqual({ code: 'capsule-invalid' });
    const gone = await folderOf(patient, {
      single: { record: newId<RecordId>(), version: 1, label: hashOfLabel(wrap) },
    });
    expect(await refused(w, () => put(w, gone, { wrap }))).toEqual(NOT_FOUND);
    const foreign = await folderOf(patient, {
      single: { record: w.theirs.statement.payload.record, version: 1, label: hashOfLabel(wrap) },
    });
    expect(await refused(w, () => put(w, foreign, { wrap }))).toEqual(NOT_FOUND);
    await put(w, single, { wrap });
    expect(lastEvent(w, patient).subject.records).toEqual([{ record, version: 1 }]);
    const grant = await grantOf([single]);
    await makeGrant(w, grant);
    const query = { grant: idOf(grant) };
    const listed = await send(w, 'list-records', recipient, { params: { folderId: folderId(single) }, query });
    expect(listed.records.map((r) => r.statement)).toEqual([w.letter.statement.jws]);
    const seen = await send(w, 'get-record', recipient, { params: { recordId: record }, query });
    expect(seen.versions).toHaveLength(1);
    // Each reader gets the label in the wrap for its own cell, and no other part of the wrap.
    const labels = ({ companionCiphertext, label }: StoredLabel) => [{ companionCiphertext, label }];
    const partsIn = (views: readonly object[]) =>
      views.map((v) => Object.fromEntries(Object.entries(v).filter(([name]) => name in wrap)));
    expect(partsIn(listed.records)).toEqual(labels(wrap));
    expect(partsIn(seen.versions)).toEqual(labels(wrap));
    const own = await send(w, 'get-record', patient, { params: { recordId: record } });
    expect(partsIn(own.versions)).toEqual(labels(w.letter.body.wrap));
    const other = w.scan.statement.payload.record;
    const hidden = () => send(w, 'get-record', recipient, { params: { recordId: other }, query });
    expect(await refused(w, hidden)).toEqual(NOT_FOUND);
  });

  test('refuses another record in the next epoch of a single-record folder', async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(w.letter.body.wrap) } });
    await put(w, single, { wrap: w.letter.body.wrap });
    const other = await epochAfter(patient, single, {
      single: { record: w.scan.statement.payload.record, version: 1, label: hashOfLabel(w.letter.body.wrap) },
    });
    expect(await refused(w, () => put(w, other, { wrap: w.letter.body.wrap }))).toEqual(invalid('single'));
  });
});

describe('a folder with one record version', () => {
  const ready = async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(w.letter.body.wrap) } });
    const body = { statement: single.jws, wrap: w.letter.body.wrap };
    await send(w, 'create-folder', patient, { params: { folderId: folderId(single) }, body });
    return { w, single };
  };

  test('accepts no other record', async () => {
    const { w, single } = await ready();
    const filing = await filingOf(patient, single);
    expect(await refused(w, () => begin(w, patient, filing))).toEqual(NOT_FOUND);
    // The upload begins in another folder and is committed in this one.
    await begin(w, patient, filing, { folder: folderId(w.folder) });
    expect(await refused(w, () => commit(w, patient, filing))).toEqual(NOT_FOUND);
  });

  test.each(['add', 'write'] as const)('cannot be granted with the right to %s', async (right) => {
    const { w, single } = await ready();
    const grant = await authorship(single, right);
    expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('cells'));
  });
});
