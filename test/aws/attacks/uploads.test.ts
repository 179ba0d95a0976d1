// Tests attacks on folders and uploads: wrong epochs, uploads and deletions are refused, unfinished uploads are swept, and parts are signed.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RouteName } from '../../../lib/api/routes.ts';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { newId, type FolderId, type RecordId, type UploadId } from '../../../lib/bytes/ids.ts';
import { createPatient, type Patient } from '../../../lib/client/index.ts';
import { DAY, instantOf } from '../../../lib/domain/time.ts';
import type { Payload, Statement } from '../../../lib/statements/kinds.ts';
import { signStatement } from '../../../lib/statements/sign.ts';
import { encodePublicKey, publicKeyOf } from '../../../lib/umbral/keys.ts';
import { sweepUploads } from '../../../lib/usecases/sweep-uploads.ts';
import { bytesOf, given, newPerson, then, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { signedRequest } from '../raw-calls.ts';

const MiB = 1024 * 1024;

let now = Date.now();
const service = makeService({ env: process.env, clock: () => now });
const at = { origin: service.origin, fetch: service.fetch, clock: () => now };

const call = async (person: Person, route: RouteName, params: Record<string, string>, body?: unknown) => {
  const answer = await service.fetch(await signedRequest(at, person.keys, { route, params, body }, now));
  return {
    status: answer.status,
    ...((await answer.json()) as {
      code?: string;
      member?: string;
      parts?: { url: string; headers: Record<string, string> }[];
    }),
  };
};

let person: Person;
let patient: Patient;
let stranger: Person;
let folder: Statement<'folder'>;
beforeAll(async () => {
  [person, stranger] = [newPerson(), newPerson()];
  patient = createPatient({ ...person, ...at });
  await patient.register();
  await createPatient({ ...stranger, ...at }).register();
  folder = (await patient.createFolder({ name: 'f', category: 'other' })).statement;
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
    now += DAY;
    expect(await ask([part])).toMatchObject({ code: 'upload-not-found' });
    now = Date.now();
  });

  test('the sweeper removes an upload that is unfinished after a day, and no younger one', async () => {
    // This clock is far in the past, because all suites use one system: a sweeper of tomorrow would remove unfinished uploads of suites that run now.
    now = Date.now() - 1000 * DAY;
    const { record, body, answer } = begin();
    await answer;
    const { uploads } = service.container;
    const sweep = (when: number) => sweepUploads(service.container, { now: instantOf(when) });
    await sweep(now + DAY - 1000);
    expect(await uploads.find(record, body.upload)).toBeDefined();
    expect(await sweep(now + DAY + 1000)).toBeGreaterThan(0);
    expect(await uploads.find(record, body.upload)).toBeUndefined();
    expect(
      await call(person, 'upload-parts', { recordId: record }, { upload: body.upload, parts: [part] }),
    ).toMatchObject({ code: 'upload-not-found' });
    now = Date.now();
  });
});

test('uploads a blob of 8 MiB + 1 in two parts, and downloads it without a changed bit', async () => {
  const puts: string[] = [];
  const watching: typeof fetch = (input, init) => {
    const { method, url } = new Request(input, init);
    if (method === 'PUT' && !url.startsWith(service.origin)) puts.push(new URL(url).searchParams.get('partNumber')!);
    return service.fetch(input, init);
  };
  // A blob is 16 bytes longer than the body for every 512 KiB.
  const content = bytesOf(8 * MiB + 1 - 16 * 16);
  const { recipient, records, grant } = await given.grant([content], { ...at, fetch: watching });
  expect(records[0]!.length).toBe(8 * MiB + 1);
  expect(puts.sort()).toEqual(['1', '2']);
  const [opened] = await then.opens(recipient, grant, records);
  expect(Buffer.compare(opened!, content)).toBe(0);
});

test('accepts a deletion only from the patient, and only of the latest statement', async () => {
  const { record, statement } = await patient.file(folder.payload.folder, bytesOf(3), {});
  const base = { record, of: statement.hash, code: 'mistake', when: now } as const;
  const remove = async (who: Person, change: Partial<Payload<'deletion'>> = {}, path: string = record) => {
    const { jws } = await signStatement('deletion', { patient: who.keys.id, ...base, ...change }, who.keys);
    return call(who, 'delete-record', { recordId: path }, { statement: jws });
  };
  expect(await remove(stranger)).toMatchObject({ code: 'not-found' });
  expect(await remove(person, { of: folder.hash })).toMatchObject({ code: 'statement-outdated' });
  expect(await remove(person, {}, newId<RecordId>())).toMatchObject({ member: 'record' });
  expect(await remove(person)).toMatchObject({ status: 200 });
});

test('refuses a malformed cursor', async () => {
  const { grant, recipient } = await given.grant([bytesOf(1)], at);
  await expect(recipient.grant(grant.id)).resolves.toBeDefined();
  const answer = await service.fetch(
    await signedRequest(at, person.keys, { route: 'list-folders', query: '?cursor=AAAA' }, now),
  );
  expect(await answer.json()).toMatchObject({ code: 'malformed-request', member: 'cursor' });
});
