// Tests attacks on uploads: foreign or wrong uploads are refused, and unfinished uploads are swept.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { newId, type RecordId, type UploadId } from '../../../lib/bytes/ids.ts';
import { createPatient, type Patient } from '../../../lib/client/index.ts';
import { UPLOAD_LIFE, UPLOAD_URL_END } from '../../../lib/domain/record.ts';
import { DAY, instantOf } from '../../../lib/domain/time.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import { sweepUploads } from '../../../lib/usecases/sweep-uploads.ts';
import { bytesOf, type Person } from '../flows/people.ts';
import { at, call, clock, patientAndStranger, service } from './patient-and-stranger.ts';

let person: Person;
let patient: Patient;
let stranger: Person;
let folder: Statement<'folder'>;
beforeAll(async () => {
  ({ person, patient, stranger, folder } = await patientAndStranger());
});

describe('uploads', () => {
  const begin = (change: object = {}, who = person, record = newId<RecordId>()) => {
    const body = {
      upload: newId<UploadId>(),
      folder: folder.payload.folder,
      epoch: 1,
      version: 1,
      multipart: false,
      ...change,
    };
    return { record, body, answer: call(who, 'begin-upload', { recordId: record }, body) };
  };
  const part = { number: 1, length: 10, sha256: toBase64url(new Uint8Array(32)) };

  test("refuses an upload to somebody else's folder, of a version that is not the next, and of a record in another folder", async () => {
    expect(await begin({}, stranger).answer).toMatchObject({ code: 'not-found' });
    expect(await begin({ version: 2 }).answer).toMatchObject({ code: 'version-conflict' });
    const { record } = await patient.file(folder.payload.folder, bytesOf(3), {});
    expect(await begin({ version: 1 }, person, record).answer).toMatchObject({ code: 'already-exists' });
    const theirs = (await createPatient({ ...stranger, ...at }).createFolder({ name: 'x', category: 'other' })).id;
    expect(await begin({ folder: theirs, version: 2 }, stranger, record).answer).toMatchObject({ code: 'not-found' });
    const elsewhere = (await patient.createFolder({ name: 'y', category: 'other' })).id;
    expect(await begin({ folder: elsewhere, version: 2 }, person, record).answer).toMatchObject({ code: 'not-found' });
  });

  test('begins an upload idempotently, and refuses its id for a different upload', async () => {
    const { record, body, answer } = begin({ multipart: true });
    expect(await answer).toMatchObject({ status: 201 });
    expect(await call(person, 'begin-upload', { recordId: record }, body)).toMatchObject({ status: 201 });
    expect(await call(person, 'begin-upload', { recordId: record }, { ...body, multipart: false })).toMatchObject({
      code: 'already-exists',
    });
  });

  test("gives URLs for the caller's own upload only, for each part once, and until a day has passed", async () => {
    const { record, body, answer } = begin();
    await answer;
    const ask = (parts: object[], who = person, upload = body.upload) =>
      call(who, 'upload-parts', { recordId: record }, { upload, parts });
    expect(await ask([part])).toMatchObject({ status: 200 });
    expect(await ask([part], stranger)).toMatchObject({ code: 'upload-not-found' });
    expect(await ask([part], person, newId<UploadId>())).toMatchObject({ code: 'upload-not-found' });
    expect(await ask([part, part])).toMatchObject({ code: 'malformed-request', member: 'parts' });
    expect(await ask([{ ...part, number: 2 }])).toMatchObject({ code: 'malformed-request', member: 'parts' });
    clock.now += DAY;
    expect(await ask([part])).toMatchObject({ code: 'upload-not-found' });
    clock.now = Date.now();
  });

  test('the sweeper removes an unfinished upload after its last upload URL, and no younger one', async () => {
    // All suites use one system. A sweeper whose clock is a day ahead would remove the unfinished uploads of other suites, so this clock is far in the past.
    clock.now = Date.now() - 1000 * DAY;
    const { record, body, answer } = begin();
    await answer;
    const { uploads } = service.container;
    const sweep = (when: number) => sweepUploads(service.container, { now: instantOf(when) });
    const end = clock.now + UPLOAD_LIFE + UPLOAD_URL_END;
    await sweep(end - 1000);
    expect(await uploads.find(record, body.upload)).toBeDefined();
    expect(await sweep(end + 1000)).toBeGreaterThan(0);
    expect(await uploads.find(record, body.upload)).toBeUndefined();
    expect(
      await call(person, 'upload-parts', { recordId: record }, { upload: body.upload, parts: [part] }),
    ).toMatchObject({ code: 'upload-not-found' });
    clock.now = Date.now();
  });
});
