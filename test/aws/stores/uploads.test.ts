// Tests the upload store: beginning, finding, retiring and removing uploads, and the list for the sweeper.
import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type UploadId } from '../../../lib/bytes/ids.ts';
import { DAY, HOUR } from '../../../lib/domain/time.ts';
import type { StoredUpload } from '../../../lib/ports/index.ts';
import { callOf, file, makeFolder, newIdentity, NOW, openStores, refusal, versionOf } from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const uploadOf = (changes: Partial<StoredUpload> = {}): StoredUpload => ({
  ...versionOf({ patient: newIdentity(), folder: newId() }).upload,
  ...changes,
});
const begin = (upload: StoredUpload) => stores.uploads.begin(upload, callOf(upload.author));

const staleIds = async (before: number, among: readonly StoredUpload[]): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  const ours = new Set<string>(among.map((u) => u.upload));
  for await (const upload of stores.uploads.stale(before)) if (ours.has(upload.upload)) found.add(upload.upload);
  return found;
};

describe('uploads', () => {
  test('finds a begun upload by its record and its id', async () => {
    for (const upload of [uploadOf(), uploadOf({ multipart: 'id-of-s3' })]) {
      expect(await begin(upload)).toEqual({ repeated: false, stored: upload });
      expect(await stores.uploads.find(upload.record, upload.upload)).toEqual(upload);
      expect(await stores.uploads.find(newId(), upload.upload)).toBeUndefined();
      expect(await stores.uploads.find(upload.record, newId<UploadId>())).toBeUndefined();
    }
  });

  test('beginning again returns the stored upload', async () => {
    const upload = uploadOf({ multipart: 'first' });
    await begin(upload);
    expect(await begin({ ...upload, multipart: 'second', created: NOW + 1 })).toEqual({
      repeated: true,
      stored: upload,
    });
  });

  test.each<[string, Partial<StoredUpload>]>([
    ['version', { version: 2 }],
    ['folder', { folder: newId() }],
    ['epoch', { epoch: 2 }],
    ['patient', { patient: newIdentity() }],
    ['author', { author: newIdentity() }],
    ['multipart id', { multipart: 'id-of-s3' }],
  ])('refuses the same id with another %s', async (_member, changes) => {
    const upload = uploadOf();
    await begin(upload);
    expect(await refusal(begin({ ...upload, ...changes }))).toBe('already-exists');
    expect(await stores.uploads.find(upload.record, upload.upload)).toEqual(upload);
  });

  test('refuses the id of a committed upload for another upload', async () => {
    const patient = newIdentity();
    const folder = await makeFolder(stores, patient);
    const { upload } = await file(stores, { patient, folder: folder.payload.folder });
    expect(await stores.uploads.find(upload.record, upload.upload)).toBeUndefined();
    expect(await refusal(begin({ ...upload, version: 2 }))).toBe('already-exists');
    expect(await refusal(begin(upload))).toBe('already-exists');
    expect(await stores.uploads.retire(upload)).toBe(false);
  });

  test('refuses a second upload with the same nonce', async () => {
    const upload = uploadOf();
    const call = callOf(upload.author);
    await stores.uploads.begin(upload, call);
    expect(await refusal(stores.uploads.begin({ ...upload, upload: newId<UploadId>() }, call))).toBe('replayed');
  });

  test('lists uploads begun before a time for the sweeper, until they are removed', async () => {
    const days = Array.from({ length: 24 }, (_, i) => uploadOf({ created: NOW - (i % 4) * DAY - HOUR }));
    const [atLimit, young] = [uploadOf({ created: NOW }), uploadOf({ created: NOW + 1 })];
    const patient = newIdentity();
    const folder = await makeFolder(stores, patient);
    const committed = await file(stores, { patient, folder: folder.payload.folder, created: NOW - DAY });
    for (const u of [...days, atLimit, young]) await begin(u);
    const all = [...days, atLimit, young, committed.upload];
    expect(await staleIds(NOW, all)).toEqual(new Set(days.map((u) => u.upload)));

    const [one, two] = [days[0]!, days[1]!];
    expect(await stores.uploads.retire(one)).toBe(true);
    // The job sweep-uploads may stop after it has marked an upload as retired. Its next run marks the upload again, and this must succeed.
    expect(await stores.uploads.retire(one)).toBe(true);
    expect(await stores.uploads.find(one.record, one.upload)).toBeUndefined();
    expect(await staleIds(NOW, [one])).toEqual(new Set([one.upload]));
    await stores.uploads.remove(one);
    await stores.uploads.remove(one);
    expect(await staleIds(NOW, [one, two])).toEqual(new Set([two.upload]));
    expect(await stores.uploads.retire(one)).toBe(false);
  });
});
