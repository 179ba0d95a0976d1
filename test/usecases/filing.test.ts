// Tests the use cases begin-upload, upload-parts, commit-record and sweep-uploads for a patient who files in its own folder.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type RecordId, type UploadId } from '../../lib/bytes/ids.ts';
import { CLOCK_TOLERANCE, LONGEST_DELAY, UPLOAD_LIFE, UPLOAD_URL_END } from '../../lib/domain/record.ts';
import { instantOf } from '../../lib/domain/time.ts';
import { PART_BYTES } from '../../lib/envelope/header.ts';
import { sweepUploads } from '../../lib/usecases/sweep-uploads.ts';
import { b64, deletionOf, epochAfter, filingOf, hashOf, nobody, NOW, patient, recipient, stranger } from './people.ts';
import {
  begin,
  clinic,
  commit,
  eventOf,
  file,
  interrupted,
  lastEvent,
  putFolder,
  readOnly,
  refused,
  send,
  trailOf,
  unchanged,
  uploaded,
  type Clinic,
} from './clinic.ts';
import { hashOfLabel, hashOfWrap } from '../support/wraps.ts';

/** The first time when the sweep removes an upload that began at {@link NOW}. */
const SWEPT_AT = NOW + UPLOAD_LIFE + UPLOAD_URL_END + 1;

/** Returns the next version of the letter. */
const revised = (w: Clinic, changes: Parameters<typeof filingOf>[2] = {}) => {
  const { payload, hash } = w.letter.statement;
  return filingOf(patient, w.folder, { record: payload.record, version: 2, previous: hash, ...changes });
};

const remove = async (w: Clinic): Promise<void> => {
  const { statement } = w.letter;
  const deletion = await deletionOf(patient, statement);
  await send(w, 'delete-record', patient, {
    params: { recordId: statement.payload.record },
    body: { statement: deletion.jws },
  });
};

describe('begin-upload', () => {
  test('stores the upload without an event', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    const { record, folder, epoch, version } = filing.statement.payload;
    const { upload } = filing;
    const before = trailOf(w, patient).length;
    expect(await begin(w, patient, filing)).toEqual({ upload, multipart: false, state: 'open' });
    const { id } = patient.keys;
    const stored = { upload, record, folder, epoch, version, patient: id, author: id, created: NOW };
    expect(await w.ports.uploads.find(record, upload)).toStrictEqual(stored);
    expect(trailOf(w, patient)).toHaveLength(before);
    expect(w.state.multiparts.size).toBe(0);
  });

  test('begins a multipart upload for several parts', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    const { upload } = filing;
    expect(await begin(w, patient, filing, { multipart: true })).toEqual({ upload, multipart: true, state: 'open' });
    const stored = await w.ports.uploads.find(filing.statement.payload.record, upload);
    expect([...w.state.multiparts.keys()]).toEqual([stored?.multipart]);
  });

  test('accepts the next version of a record', async () => {
    const w = await clinic();
    expect(await begin(w, patient, await revised(w))).toMatchObject({ state: 'open' });
  });

  test('answers a repetition, and leaves one multipart upload', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    const first = await begin(w, patient, filing, { multipart: true });
    const again = await unchanged(w, () => begin(w, patient, filing, { multipart: true, now: NOW + 1 }));
    expect(again).toEqual(first);

    const raced = await filingOf(patient, w.folder);
    const late = interrupted(w, 'uploads.begin', () => begin(w, patient, raced, { multipart: true }));
    expect(await begin(late, patient, raced, { multipart: true })).toMatchObject({ state: 'open' });
    const stored = await w.ports.uploads.find(raced.statement.payload.record, raced.upload);
    expect(w.state.multiparts.size).toBe(2);
    expect(w.state.multiparts.has(stored!.multipart!)).toBe(true);
  });

  test('a repetition of a one-part upload leaves the bytes that were uploaded', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    await begin(w, patient, filing);
    await uploaded(w, patient, filing);
    await unchanged(w, () => begin(w, patient, filing));
  });

  test('refuses an id of an upload with other members', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    await begin(w, patient, filing);
    const other = { folder: w.other.payload.folder };
    expect(await refused(w, () => begin(w, patient, filing, other))).toEqual({ code: 'already-exists' });
  });

  test('refuses an unregistered author', async () => {
    const w = await clinic();
    const filing = await filingOf(nobody, w.folder);
    expect(await refused(w, () => begin(w, nobody, filing))).toEqual({ code: 'not-registered' });
  });

  test("answers not-found for a missing folder and for another patient's folder", async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    for (const folder of [newId<FolderId>(), w.foreign.payload.folder])
      expect(await refused(w, () => begin(w, patient, filing, { folder }))).toEqual({ code: 'not-found' });
  });

  test('answers cell-closed for a closed cell and for one that has not begun', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    expect(await refused(w, () => begin(w, patient, filing, { epoch: 2 }))).toEqual({ code: 'cell-closed' });
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect(await refused(w, () => begin(w, patient, filing))).toEqual({ code: 'cell-closed' });
  });

  test("answers not-found for another patient's record, for any version", async () => {
    const w = await clinic();
    const { record } = w.theirs.statement.payload;
    for (const version of [1, 2]) {
      const filing = await filingOf(patient, w.folder, { record, version });
      expect(await refused(w, () => begin(w, patient, filing))).toEqual({ code: 'not-found' });
    }
  });

  test('answers version-conflict for any version but the next', async () => {
    const w = await clinic();
    const fresh = await filingOf(patient, w.folder);
    expect(await refused(w, () => begin(w, patient, fresh, { version: 2 }))).toEqual({ code: 'version-conflict' });
    const filing = await revised(w);
    expect(await refused(w, () => begin(w, patient, filing, { version: 3 }))).toEqual({ code: 'version-conflict' });
  });

  test('answers already-exists for version 1 of a record that has one', async () => {
    const w = await clinic();
    const filing = await revised(w);
    expect(await refused(w, () => begin(w, patient, filing, { version: 1 }))).toEqual({ code: 'already-exists' });
  });

  test('answers already-exists for a deleted record', async () => {
    const w = await clinic();
    const filing = await revised(w);
    await remove(w);
    expect(await refused(w, () => begin(w, patient, filing))).toEqual({ code: 'already-exists' });
  });

  test('answers not-found for a record in another folder', async () => {
    const w = await clinic();
    const filing = await revised(w);
    const { folder } = w.other.payload;
    expect(await refused(w, () => begin(w, patient, filing, { folder }))).toEqual({ code: 'not-found' });
  });
});

describe('upload-parts', () => {
  const partOf = (number: number) => ({ number, length: 10, sha256: b64(32) });
  const ask = (w: Clinic, record: RecordId, upload: UploadId, numbers: readonly number[], now = NOW, by = patient) =>
    send(w, 'upload-parts', by, { params: { recordId: record }, body: { upload, parts: numbers.map(partOf) }, now });

  const begun = async (multipart: boolean) => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    await begin(w, patient, filing, { multipart });
    return { w, record: filing.statement.payload.record, upload: filing.upload };
  };

  test('returns a URL and headers for each part', async () => {
    const { w, record, upload } = await begun(true);
    const { parts } = await unchanged(w, () => ask(w, record, upload, [1, 2]));
    expect(parts.map((p) => p.number)).toEqual([1, 2]);
    expect(parts[1]?.headers).toMatchObject({ 'content-length': '10' });
    expect(new URL(parts[1]!.url).searchParams.get('partNumber')).toBe('2');
    expect(await ask(w, record, upload, [1], NOW + UPLOAD_LIFE - 1)).toMatchObject({ parts: [{ number: 1 }] });
  });

  test('refuses an unregistered author', async () => {
    const { w, record, upload } = await begun(false);
    expect(await refused(w, () => ask(w, record, upload, [1], NOW, nobody))).toEqual({ code: 'not-registered' });
  });

  test("answers upload-not-found for an upload that is missing, another author's, or too old", async () => {
    const { w, record, upload } = await begun(false);
    const unknown = { code: 'upload-not-found' };
    expect(await refused(w, () => ask(w, record, newId<UploadId>(), [1]))).toEqual(unknown);
    expect(await refused(w, () => ask(w, newId<RecordId>(), upload, [1]))).toEqual(unknown);
    expect(await refused(w, () => ask(w, record, upload, [1], NOW, stranger))).toEqual(unknown);
    expect(await refused(w, () => ask(w, record, upload, [1], NOW + UPLOAD_LIFE))).toEqual(unknown);
  });

  test('refuses a repeated part number, and any number but 1 for a one-part upload', async () => {
    const many = await begun(true);
    const malformed = { code: 'malformed-request', member: 'parts' };
    expect(await refused(many.w, () => ask(many.w, many.record, many.upload, [1, 2, 1]))).toEqual(malformed);
    const one = await begun(false);
    expect(await refused(one.w, () => ask(one.w, one.record, one.upload, [2]))).toEqual(malformed);
    expect(await refused(one.w, () => ask(one.w, one.record, one.upload, [1, 2]))).toEqual(malformed);
  });
});

describe('commit-record', () => {
  const ready = async (w: Clinic, changes: Parameters<typeof filingOf>[2] = {}) => {
    const filing = await filingOf(patient, w.folder, changes);
    await begin(w, patient, filing);
    await uploaded(w, patient, filing);
    return filing;
  };

  test('makes the version visible and writes its event', async () => {
    const w = await clinic();
    const filing = await ready(w);
    const { jws, hash, payload } = filing.statement;
    const { record, folder, epoch } = payload;
    const { metadata } = filing.body;
    expect(await commit(w, patient, filing)).toEqual({ statement: jws, state: 'committed', metadata });
    expect(await w.ports.records.find(record)).toEqual({
      record,
      patient: patient.keys.id,
      folder,
      epoch,
      latest: 1,
      latestHash: hash,
      state: 'committed',
    });
    const version = await w.ports.records.version(record, 1);
    expect(version).toMatchObject({ statement: filing.statement, metadata, state: 'committed' });
    const { url } = await w.ports.blobs.download(version!.blob, NOW);
    expect(w.fetch(url, NOW)).toEqual(filing.blob);
    const subject = { folder, epoch, records: [{ record, version: 1 }] };
    expect(lastEvent(w, patient)).toEqual(
      eventOf('record-filed', patient, subject, filing.statement, { evidence: true }),
    );
  });

  test('accepts a blob of several parts', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder, { blob: new Uint8Array(PART_BYTES + 1).fill(7) });
    await file(w, patient, filing);
    expect(await w.ports.records.find(filing.statement.payload.record)).toMatchObject({ latest: 1 });
    expect(w.state.multiparts.size).toBe(0);
  });

  test('answers a repetition and changes nothing', async () => {
    const w = await clinic();
    const { statement, body } = w.letter;
    expect(await unchanged(w, () => commit(w, patient, w.letter))).toEqual({
      statement: statement.jws,
      state: 'committed',
      metadata: body.metadata,
    });
  });

  test('commits the next version', async () => {
    const w = await clinic();
    const filing = await revised(w);
    await file(w, patient, filing);
    const { record } = filing.statement.payload;
    expect(await w.ports.records.find(record)).toMatchObject({ latest: 2, latestHash: filing.statement.hash });
    expect(lastEvent(w, patient).subject.records).toEqual([{ record, version: 2 }]);
  });

  test('refuses another record or version in the path', async () => {
    const w = await clinic();
    const filing = await ready(w);
    const { record, version } = filing.statement.payload;
    for (const [member, params] of [
      ['record', { recordId: newId<RecordId>(), version }],
      ['version', { recordId: record, version: 2 }],
    ] as const)
      expect(await refused(w, () => send(w, 'commit-record', patient, { params, body: filing.body }))).toEqual({
        code: 'statement-invalid',
        member,
      });
  });

  test('refuses a statement that names a missing grant', async () => {
    const w = await clinic();
    const filing = await ready(w, { grant: { id: newId(), hash: b64(32) } });
    expect(await refused(w, () => commit(w, patient, filing))).toEqual({ code: 'not-found' });
  });

  test('refuses metadata and wraps whose hashes the statement does not contain', async () => {
    const w = await clinic();
    const filing = await ready(w);
    const invalid = (member: string) => ({ code: 'statement-invalid', member });
    const { wrap } = filing.body;
    expect(await refused(w, () => commit(w, patient, filing, { metadata: b64(528) }))).toEqual(invalid('metadata'));
    const changes = [
      { capsule: b64(105) },
      { companionCiphertext: b64(1120) },
      { wrappedKey: b64(48) },
      { label: b64(272) },
    ];
    for (const change of changes)
      expect(await refused(w, () => commit(w, patient, filing, { wrap: { ...wrap, ...change } }))).toEqual(
        invalid('wrap'),
      );
  });

  test('refuses a statement that does not name the label of the wrap', async () => {
    const w = await clinic();
    const filing = await ready(w, { label: b64(32) });
    expect(await refused(w, () => commit(w, patient, filing))).toEqual({ code: 'statement-invalid', member: 'label' });
  });

  test('refuses a capsule that cannot be re-encrypted', async () => {
    const w = await clinic();
    const wrap = { ...(await ready(w)).body.wrap, capsule: b64(105) };
    const filing = await ready(w, { wrap: hashOfWrap(wrap), label: hashOfLabel(wrap) });
    expect(await refused(w, () => commit(w, patient, filing, { wrap }))).toEqual({ code: 'capsule-invalid' });
  });

  test('refuses an unregistered author and a statement that another identity signed', async () => {
    const w = await clinic();
    const filing = await filingOf(nobody, w.folder);
    expect(await refused(w, () => commit(w, nobody, filing))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => commit(w, patient, filing))).toBe('StatementError wrong-signer');
  });

  test("answers not-found for another patient's folder or record", async () => {
    const w = await clinic();
    const { record } = w.theirs.statement.payload;
    for (const filing of [
      await filingOf(recipient, w.folder, { patient: patient.keys.id }),
      await filingOf(recipient, w.folder),
      await filingOf(recipient, w.folder, { folder: newId<FolderId>() }),
    ])
      expect(await refused(w, () => commit(w, recipient, filing))).toEqual({ code: 'not-found' });
    const previous = w.theirs.statement.hash;
    const foreign = await filingOf(patient, w.folder, { record, version: 2, previous });
    expect(await refused(w, () => commit(w, patient, foreign))).toEqual({ code: 'not-found' });
  });

  test('answers not-found if the statement names another patient than the folder', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder, { patient: stranger.keys.id });
    expect(await refused(w, () => commit(w, patient, filing))).toEqual({ code: 'not-found' });
    const theirs = await filingOf(patient, w.foreign, { patient: stranger.keys.id });
    expect(await refused(w, () => commit(w, patient, theirs))).toEqual({ code: 'not-found' });
  });

  test('answers not-found for a record of another folder', async () => {
    const w = await clinic();
    const filing = await revised(w, { folder: w.other.payload.folder });
    expect(await refused(w, () => commit(readOnly(w), patient, filing))).toEqual({ code: 'not-found' });
    // No call can put a record of another patient into this folder. If one were there, the use case would refuse it.
    const next = await revised(w);
    const row = w.state.records.get(next.statement.payload.record)!;
    w.state.records.set(row.head.record, { ...row, head: { ...row.head, patient: stranger.keys.id } });
    expect(await refused(w, () => commit(readOnly(w), patient, next))).toEqual({ code: 'not-found' });
  });

  test('answers cell-closed if the cell was closed after the upload began', async () => {
    const w = await clinic();
    const filing = await ready(w);
    const second = await epochAfter(patient, w.folder);
    const late = interrupted(w, 'records.commit', () => putFolder(w, patient, second));
    await expect(commit(late, patient, filing)).rejects.toMatchObject({ code: 'cell-closed' });
    expect(await w.ports.records.find(filing.statement.payload.record)).toBeUndefined();
    expect(await refused(w, () => commit(readOnly(w), patient, filing))).toEqual({ code: 'cell-closed' });
  });

  test("refuses a statement that is too old or too far in the future, with the service's time", async () => {
    const w = await clinic();
    const filing = await ready(w);
    const { created } = filing.statement.payload;
    for (const [clock, now] of [
      ['behind', created + LONGEST_DELAY],
      ['ahead', created - CLOCK_TOLERANCE - 1],
    ] as const)
      expect(await refused(w, () => commit(w, patient, filing, { now }))).toEqual({
        code: 'created-too-old',
        clock,
        serverTime: now,
      });
    expect(await commit(w, patient, filing, { now: created + LONGEST_DELAY - 1 })).toMatchObject({
      state: 'committed',
    });
  });

  test('answers version-conflict for a version that does not follow the last, and already-exists for a deleted record', async () => {
    const w = await clinic();
    const next = await revised(w);
    for (const changes of [{ version: 3 }, { previous: b64(32) }]) {
      const filing = await revised(w, changes);
      expect(await refused(w, () => commit(readOnly(w), patient, filing))).toEqual({ code: 'version-conflict' });
    }
    const orphan = await filingOf(patient, w.folder, { version: 2, previous: b64(32) });
    expect(await refused(w, () => commit(readOnly(w), patient, orphan))).toEqual({ code: 'version-conflict' });
    await begin(w, patient, next);
    await remove(w);
    expect(await refused(w, () => commit(readOnly(w), patient, next))).toEqual({ code: 'already-exists' });
  });

  test('answers already-exists for another statement of a committed first version, and accepts it under a new id', async () => {
    const w = await clinic();
    const first = await filingOf(patient, w.folder);
    await file(w, patient, first);
    const { record } = first.statement.payload;
    const other = await filingOf(patient, w.folder, { record, blob: first.blob, upload: first.upload });
    expect(other.statement.hash).not.toBe(first.statement.hash);
    expect(await refused(w, () => commit(readOnly(w), patient, other))).toEqual({ code: 'already-exists' });
    const anew = await filingOf(patient, w.folder, { blob: first.blob });
    await file(w, patient, anew);
    expect(await w.ports.records.find(anew.statement.payload.record)).toMatchObject({ latest: 1 });
  });

  test('refuses the second of two parallel first versions of one record with already-exists', async () => {
    const w = await clinic();
    const one = await ready(w);
    const two = await filingOf(patient, w.folder, { record: one.statement.payload.record });
    await begin(w, patient, two);
    await uploaded(w, patient, two);
    const late = interrupted(w, 'records.commit', () => commit(w, patient, one));
    await expect(commit(late, patient, two)).rejects.toMatchObject({ code: 'already-exists' });
  });

  test('refuses the second of two parallel next versions with version-conflict', async () => {
    const w = await clinic();
    const [one, two] = [await revised(w), await revised(w)];
    for (const filing of [one, two]) {
      await begin(w, patient, filing);
      await uploaded(w, patient, filing);
    }
    const late = interrupted(w, 'records.commit', () => commit(w, patient, one));
    await expect(commit(late, patient, two)).rejects.toMatchObject({ code: 'version-conflict' });
    expect((await w.ports.records.find(one.statement.payload.record))?.latestHash).toBe(one.statement.hash);
  });

  test("answers upload-not-found for an unknown upload, another author's, and one for another folder", async () => {
    const w = await clinic();
    const unknown = { code: 'upload-not-found' };
    const filing = await ready(w);
    expect(await refused(w, () => commit(w, patient, filing, { upload: newId<UploadId>() }))).toEqual(unknown);

    // The other author's upload has the same record id. Everybody may use an id until the first commit.
    const { record } = filing.statement.payload;
    const theirs = await filingOf(stranger, w.foreign, { record, blob: filing.blob });
    await begin(w, stranger, theirs);
    await uploaded(w, stranger, theirs);
    expect(await refused(w, () => commit(w, patient, filing, { upload: theirs.upload }))).toEqual(unknown);

    const elsewhere = await filingOf(patient, w.other, { record, blob: filing.blob });
    await begin(w, patient, elsewhere);
    await uploaded(w, patient, elsewhere);
    expect(await refused(w, () => commit(w, patient, filing, { upload: elsewhere.upload }))).toEqual(unknown);
  });

  test('answers upload-not-found for an upload of another version', async () => {
    const w = await clinic();
    const first = await filingOf(patient, w.folder);
    const { record } = first.statement.payload;
    const early = await filingOf(patient, w.folder, { record, blob: first.blob });
    await begin(w, patient, early);
    await uploaded(w, patient, early);
    await file(w, patient, first);
    const changes = { record, version: 2, previous: first.statement.hash, blob: first.blob, upload: early.upload };
    const second = await filingOf(patient, w.folder, changes);
    expect(await refused(w, () => commit(w, patient, second))).toEqual({ code: 'upload-not-found' });
  });

  test('answers upload-not-found for an upload that sweep-uploads removed meanwhile', async () => {
    const w = await clinic();
    const filing = await ready(w);
    const now = instantOf(SWEPT_AT);
    const late = interrupted(w, 'records.commit', () => sweepUploads(w.ports, { now }));
    await expect(commit(late, patient, filing)).rejects.toMatchObject({ code: 'upload-not-found' });
    expect(w.state.records.has(filing.statement.payload.record)).toBe(false);
  });

  test('refuses a blob that is missing or is not the signed one', async () => {
    const w = await clinic();
    const missing = await filingOf(patient, w.folder);
    await begin(w, patient, missing);
    expect(await refused(w, () => commit(w, patient, missing))).toEqual({ code: 'upload-incomplete' });
    for (const changes of [{ digest: b64(32) }, { length: 1041 }]) {
      const other = await ready(w, changes);
      expect(await refused(w, () => commit(w, patient, other))).toEqual({ code: 'blob-mismatch' });
    }
  });
});

describe('sweep-uploads', () => {
  const sweep = (w: Pick<Clinic, 'ports' | 'state'>, now: number) => sweepUploads(w.ports, { now: instantOf(now) });

  test('removes old uploads that were not committed, with their bytes', async () => {
    const w = await clinic();
    const { uploads, objects } = w.snapshot();
    for (const multipart of [true, false]) {
      const filing = await filingOf(patient, w.folder);
      await begin(w, patient, filing, { multipart });
      await uploaded(w, patient, filing);
    }
    expect(await unchanged(w, () => sweep(w, SWEPT_AT - 1))).toBe(0);
    expect(await sweep(w, SWEPT_AT)).toBe(2);
    expect(w.state.uploads).toEqual(uploads);
    expect(w.state.objects).toEqual(objects);
    expect(w.state.multiparts.size).toBe(0);
    expect(await sweep(w, SWEPT_AT)).toBe(0);
  });

  test('removes an upload only after the last upload URL that its author could get', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    await begin(w, patient, filing, { multipart: false });
    const { record } = filing.statement.payload;
    const parts = [{ number: 1, length: filing.blob.length, sha256: hashOf(filing.blob) }];
    const body = { upload: filing.upload, parts };
    const now = NOW + UPLOAD_LIFE - 1;
    const { parts: targets } = await send(w, 'upload-parts', patient, { params: { recordId: record }, body, now });
    expect(await sweep(w, SWEPT_AT)).toBe(1);
    expect(w.send(targets[0]!, filing.blob, SWEPT_AT)).toBe(403);
  });

  test('leaves an upload that was committed meanwhile', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    await begin(w, patient, filing);
    await uploaded(w, patient, filing);
    const late = interrupted(w, 'uploads.retire', () => commit(w, patient, filing));
    expect(await sweep(late, SWEPT_AT)).toBe(0);
    const version = await w.ports.records.version(filing.statement.payload.record, 1);
    const { url } = await w.ports.blobs.download(version!.blob, NOW);
    expect(w.fetch(url, NOW)).toEqual(filing.blob);
  });
});
