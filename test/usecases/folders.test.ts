// Tests the use case create-folder.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId } from '../../lib/bytes/ids.ts';
import { b64, epochAfter, folderOf, nobody, patient, stranger } from './people.ts';
import { clinic, eventOf, interrupted, lastEvent, putFolder, readOnly, refused, send, unchanged } from './clinic.ts';

describe('create-folder', () => {
  test('creates a folder of the caller', async () => {
    const w = await clinic();
    const statement = await folderOf(stranger, { category: 'devices' });
    const { folder } = statement.payload;
    expect(await putFolder(w, stranger, statement)).toEqual({ statement: statement.jws, state: 'current' });
    expect(await w.ports.folders.find(folder)).toEqual({ statement, state: 'current' });
    const event = eventOf('folder-created', stranger, { folder, epoch: 1 }, statement, { of: stranger });
    expect(lastEvent(w, stranger)).toEqual(event);
  });

  test('starts the next epoch and closes the cell before it', async () => {
    const w = await clinic();
    const second = await epochAfter(patient, w.folder);
    const { folder } = second.payload;
    expect(await putFolder(w, patient, second)).toEqual({ statement: second.jws, state: 'current' });
    expect(await w.ports.folders.cells([1, 2].map((epoch) => ({ folder, epoch })))).toEqual([
      { statement: w.folder, state: 'closed' },
      { statement: second, state: 'current' },
    ]);
    expect(lastEvent(w, patient)).toEqual(eventOf('epoch-started', patient, { folder, epoch: 2 }, second));
  });

  test('answers a repetition and changes nothing', async () => {
    const w = await clinic();
    expect(await unchanged(w, () => putFolder(w, patient, w.folder))).toEqual({
      statement: w.folder.jws,
      state: 'current',
    });
  });

  test('refuses another id in the path', async () => {
    const w = await clinic();
    const statement = await folderOf(patient);
    const sent = { params: { folderId: newId<FolderId>() }, body: { statement: statement.jws } };
    expect(await refused(w, () => send(w, 'create-folder', patient, sent))).toEqual({
      code: 'statement-invalid',
      member: 'folder',
    });
  });

  test('refuses a key that is not on the curve', async () => {
    const w = await clinic();
    const statement = await folderOf(patient, { key: 'A'.repeat(44) });
    expect(await refused(w, () => putFolder(w, patient, statement))).toEqual({
      code: 'statement-invalid',
      member: 'key',
    });
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const statement = await folderOf(nobody);
    expect(await refused(w, () => putFolder(w, nobody, statement))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => putFolder(w, patient, statement))).toBe('StatementError wrong-signer');
  });

  test('refuses a first epoch that names a previous one', async () => {
    const w = await clinic();
    const statement = await folderOf(patient, { previous: b64(32) });
    expect(await refused(w, () => putFolder(w, patient, statement))).toEqual({
      code: 'statement-invalid',
      member: 'previous',
    });
  });

  test('refuses an id that is in use, by the same patient or another', async () => {
    const w = await clinic();
    const { folder } = w.folder.payload;
    for (const person of [patient, stranger]) {
      const statement = await folderOf(person, { folder });
      expect(await refused(w, () => putFolder(readOnly(w), person, statement))).toEqual({ code: 'already-exists' });
    }
  });

  test("answers not-found for a later epoch of a missing folder or another patient's", async () => {
    const w = await clinic();
    const orphan = await folderOf(patient, { epoch: 2, previous: b64(32) });
    expect(await refused(w, () => putFolder(w, patient, orphan))).toEqual({ code: 'not-found' });
    const foreign = await epochAfter(patient, w.foreign);
    expect(await refused(w, () => putFolder(w, patient, foreign))).toEqual({ code: 'not-found' });
  });

  test('refuses a later epoch that does not follow the one before', async () => {
    const w = await clinic();
    for (const changes of [{ epoch: 3 }, { previous: b64(32) }, { previous: undefined }]) {
      const statement = await epochAfter(patient, w.folder, changes);
      expect(await refused(w, () => putFolder(readOnly(w), patient, statement))).toEqual({
        code: 'statement-outdated',
      });
    }
  });

  test.each([
    ['key', (w) => ({ key: w.folder.payload.key })],
    ['salt', (w) => ({ salt: w.folder.payload.salt })],
    ['category', () => ({ category: 'other' })],
  ] as [string, (w: Awaited<ReturnType<typeof clinic>>) => Parameters<typeof folderOf>[1]][])(
    'a later epoch needs a new key, a new salt and the same category: %s',
    async (member, changes) => {
      const w = await clinic();
      const statement = await epochAfter(patient, w.folder, changes(w));
      expect(await refused(w, () => putFolder(w, patient, statement))).toEqual({ code: 'statement-invalid', member });
    },
  );

  test('refuses the second of two parallel folders or epochs', async () => {
    const w = await clinic();
    const first = await folderOf(patient);
    const rival = await folderOf(stranger, { folder: first.payload.folder });
    const late = interrupted(w, 'folders.put', () => putFolder(w, patient, first));
    await expect(putFolder(late, stranger, rival)).rejects.toMatchObject({ code: 'already-exists' });

    const [one, two] = await Promise.all([epochAfter(patient, first), epochAfter(patient, first)]);
    const later = interrupted(w, 'folders.put', () => putFolder(w, patient, one));
    await expect(putFolder(later, patient, two)).rejects.toMatchObject({ code: 'chain-moved' });
    expect((await w.ports.folders.find(first.payload.folder))?.statement.hash).toBe(one.hash);
  });
});
