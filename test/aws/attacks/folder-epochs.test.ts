// Tests attacks on the epochs of a folder: a statement that does not follow the current epoch, and an upload to another epoch, are refused.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { newId, type FolderId, type RecordId, type UploadId } from '../../../lib/bytes/ids.ts';
import type { Patient } from '../../../lib/client/index.ts';
import type { Payload, Statement } from '../../../lib/statements/kinds.ts';
import { signStatement } from '../../../lib/statements/sign.ts';
import { encodePublicKey, publicKeyOf } from '../../../lib/umbral/keys.ts';
import type { Person } from '../flows/people.ts';
import { call, patientAndStranger } from './patient-and-stranger.ts';

let person: Person;
let patient: Patient;
let stranger: Person;
let folder: Statement<'folder'>;
beforeAll(async () => {
  ({ person, patient, stranger, folder } = await patientAndStranger());
});

describe('epochs of a folder', () => {
  const salt = new Uint8Array(16).fill(9);
  const next = (change: Partial<Payload<'folder'>> = {}, who = person): Promise<Statement<'folder'>> => {
    const { payload, hash } = folder;
    const key = toBase64url(encodePublicKey(publicKeyOf(who.keys.folderKey(payload.folder, 2, salt))));
    return signStatement(
      'folder',
      { ...payload, patient: who.keys.id, epoch: 2, previous: hash, salt: toBase64url(salt), key, ...change },
      who.keys,
    );
  };
  const put = async (statement: Statement<'folder'>, who = person) =>
    call(who, 'create-folder', { folderId: statement.payload.folder }, { statement: statement.jws });

  test('refuses a statement that does not follow the current epoch', async () => {
    const { payload } = folder;
    expect(await put(await next({ epoch: 3 }))).toMatchObject({ code: 'statement-outdated' });
    expect(await put(await next({ previous: payload.salt.padEnd(42, 'A') + 'A' }))).toMatchObject({ status: 409 });
    expect(await put(await next({ key: payload.key }))).toMatchObject({ member: 'key' });
    expect(await put(await next({ salt: payload.salt }))).toMatchObject({ member: 'salt' });
    expect(await put(await next({ category: 'letters' }))).toMatchObject({ member: 'category' });
    expect(await put(await next({}, stranger), stranger)).toMatchObject({ code: 'not-found' });
    expect(await put(await next({ epoch: 1 }))).toMatchObject({ member: 'previous' });
    expect(
      await call(person, 'create-folder', { folderId: newId<FolderId>() }, { statement: (await next()).jws }),
    ).toMatchObject({ member: 'folder' });
    const { previous: _, ...first } = (await next({ epoch: 1 })).payload;
    expect(await put(await signStatement('folder', first, person.keys))).toMatchObject({ code: 'already-exists' });
  });

  test('refuses an upload to an epoch that is not current', async () => {
    const own = (await patient.createFolder({ name: 'g', category: 'other' })).statement;
    const record = newId<RecordId>();
    const body = { upload: newId<UploadId>(), folder: own.payload.folder, epoch: 2, version: 1, multipart: false };
    expect(await call(person, 'begin-upload', { recordId: record }, body)).toMatchObject({ code: 'cell-closed' });
  });
});
