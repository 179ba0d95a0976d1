// Tests known records: if a list lacks a record that the client's memory has, or has an older version, the client fills the gap or refuses the list.
import { describe, expect, test } from '@jest/globals';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import type { FolderId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient, importMemory } from '../../lib/client/index.ts';
import type { ClientOptions } from '../../lib/client/session/context.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { fill } from '../statements/samples.ts';
import { lyingFetch, refusing, type Lie } from '../support/lying-fetch.ts';
import { memoryService, ORIGIN } from '../support/memory-service.ts';
import { refusal } from './clients.ts';
import { signNow } from './lying-service.ts';

/** A patient with one folder, and a clinician who may read it. Both have listed the two records in it. */
const people = async () => {
  const state: { lie: Lie | undefined; now: number } = { lie: undefined, now: 1_767_225_600_000 };
  const service = memoryService({ clock: () => state.now });
  const optionsOf = (seed: number, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    storageOrigins: ['https://blobs.test'],
    keys: deviceKeys(fill(seed, 32)),
    next: toBase64url(fill(9, 32)),
    fetch: lyingFetch(service.fetch, ORIGIN, () => state.lie),
    clock: () => state.now,
    sleep: () => Promise.resolve(),
    ...more,
  });
  const patient = createPatient(optionsOf(1));
  const clinician = createRecipient(optionsOf(2));
  await patient.register();
  await clinician.register();
  const { id: folder } = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const first = await patient.file(folder, utf8('one'), {});
  await patient.file(folder, utf8('two'), {});
  const input = { recipient: clinician.id, folders: [folder], purpose: 'TREAT', durationSeconds: 86_400 } as const;
  const [{ id }] = await patient.grant(input);
  const grant = await clinician.grant(id, patient.id);
  const listOf = { patient: () => patient.listRecords(folder), clinician: () => clinician.listRecords(grant, folder) };
  const old = await listOf.patient();
  await listOf.clinician();
  return { state, optionsOf, patient, clinician, folder, first, grant, listOf, old };
};
type Reader = 'patient' | 'clinician';

const withoutFirst: Lie = (route, said) =>
  route === 'list-records' ? { ...said, body: { ...said.body, records: said.body.records.slice(1) } } : undefined;

describe.each(['patient', 'clinician'] as const)('a list of the %s', (reader: Reader) => {
  test('gets a record that the service left out from the record itself, because lists may lag', async () => {
    const { state, listOf, first } = await people();
    state.lie = withoutFirst;
    const records = await listOf[reader]();
    expect(records.map((r) => r.record)).toContain(first.record);
    expect(records).toHaveLength(2);
  });

  test('is refused if the service does not have a known record any more', async () => {
    const { state, listOf } = await people();
    state.lie = (route, said, url) =>
      route === 'get-record' ? refusing(404, 'not-found') : withoutFirst(route, said, url);
    expect(await refusal(listOf[reader])).toBe('rolled-back record');
  });

  test('is refused if the service says that a known record is deleted, and the patient did not delete it', async () => {
    const { state, listOf } = await people();
    state.lie = (route, said, url) =>
      route === 'get-record'
        ? { ...said, body: { versions: said.body.versions.map((v: object) => ({ ...v, state: 'deleted' })) } }
        : withoutFirst(route, said, url);
    expect(await refusal(listOf[reader])).toBe('rolled-back record');
  });

  test('has no record that the patient deleted', async () => {
    const { patient, listOf, first } = await people();
    await patient.deleteRecord(first);
    expect(await listOf[reader]()).toHaveLength(1);
    expect(await listOf[reader]()).toHaveLength(1);
  });

  test('is refused if it has version 1 of a record whose version 2 is known', async () => {
    const { state, patient, listOf, first } = await people();
    const before: unknown[] = [];
    state.lie = (route, said) => {
      if (route === 'list-records') before.push(said.body);
      return undefined;
    };
    await listOf[reader]();
    await patient.fileVersion(first, utf8('one, corrected'), {});
    await listOf[reader]();
    state.lie = (route, said) => {
      if (route === 'list-records') return { ...said, body: before[0] };
      return route === 'get-record' ? { ...said, body: { versions: said.body.versions.slice(0, 1) } } : undefined;
    };
    expect(await refusal(listOf[reader])).toBe('rolled-back record');
  });
});

describe.each(['patient', 'clinician'] as const)('the versions of a known record, for the %s', (reader: Reader) => {
  const setUp = async () => {
    const all = await people();
    const { patient, clinician, grant, first } = all;
    const versions = () =>
      reader === 'patient' ? patient.listVersions(first.record) : clinician.listVersions(grant, first.record);
    return { ...all, versions };
  };
  const changing =
    (change: (versions: readonly object[]) => readonly object[]): Lie =>
    (route, { status, body }) =>
      route === 'get-record' ? { status, body: { ...body, versions: change(body.versions) } } : undefined;

  test('are refused without the known version', async () => {
    const { state, versions } = await setUp();
    expect(await versions()).toHaveLength(1);
    state.lie = changing(() => []);
    expect(await refusal(versions)).toBe('rolled-back record');
  });

  test('are refused without a version that was shown with the other versions', async () => {
    const { state, patient, first, versions } = await setUp();
    await patient.fileVersion(first, utf8('one, corrected'), {});
    expect(await versions()).toHaveLength(2);
    state.lie = changing((shown) => shown.slice(0, 1));
    expect(await refusal(versions)).toBe('rolled-back record');
  });

  test('are refused if the service says that they are deleted, and the patient did not delete them', async () => {
    const { state, versions } = await setUp();
    state.lie = changing((shown) => shown.map((v) => ({ ...v, state: 'deleted' })));
    expect(await refusal(versions)).toBe('rolled-back record');
  });

  test('are shown as deleted, or not at all, after the patient deleted the record', async () => {
    const { patient, first, versions } = await setUp();
    await patient.deleteRecord(first);
    expect((await versions()).map((v) => v.state)).toEqual(reader === 'patient' ? ['deleted'] : []);
  });

  test('in a list are not shown as deleted, because the patient did not delete them', async () => {
    const { state, listOf } = await setUp();
    state.lie = (route, { status, body }) =>
      route === 'list-records'
        ? { status, body: { records: body.records.map((v: object) => ({ ...v, state: 'deleted' })) } }
        : undefined;
    expect((await listOf[reader]()).map((i) => i.state)).toEqual(['committed', 'committed']);
  });
});

test('a device that does not know of a deletion yet reads the chain before it shows the record as deleted', async () => {
  const { patient, first, optionsOf } = await people();
  const other = createPatient(optionsOf(1));
  expect(await other.listVersions(first.record)).toHaveLength(1);
  await patient.deleteRecord(first);
  expect((await other.listVersions(first.record)).map((v) => v.state)).toEqual(['deleted']);
});

test('a memory that was stored and imported knows the records', async () => {
  const { state, optionsOf, patient, folder } = await people();
  const memory = importMemory(patient.id, JSON.parse(JSON.stringify(patient.memory.export())));
  const other = createPatient(optionsOf(1, { memory }));
  state.lie = (route, said, url) =>
    route === 'get-record' ? refusing(404, 'not-found') : withoutFirst(route, said, url);
  expect(await refusal(() => other.listRecords(folder))).toBe('rolled-back record');
});

test('a recipient refuses another grant with the id of a known one', async () => {
  const { state, clinician, grant } = await people();
  const other = signNow('grant', { ...grant.statement.payload, expires: grant.expires + 1 }, deviceKeys(fill(1, 32)));
  const changed = (view: object) => ({ ...view, statement: other.jws });
  state.lie = (route, { status, body }) => {
    if (route === 'list-grants') return { status, body: { grants: body.grants.map(changed) } };
    return route === 'get-grant' ? { status, body: changed(body) } : undefined;
  };
  expect(await refusal(() => clinician.grant(grant.id))).toBe('rolled-back grant');
  expect(await refusal(() => clinician.listGrants())).toBe('rolled-back grant');
});

test.each<[string, (first: Payload<'record'>) => Partial<Payload<'record'>>]>([
  ['another statement with a known version', ({ created }) => ({ created: created + 1 })],
  ['a next version that does not name the known one', () => ({ version: 2, previous: 'A'.repeat(43) })],
])('a list with %s is refused by patient and recipient', async (_, change) => {
  const { state, listOf, first } = await people();
  const { payload } = first.statement;
  const other = signNow('record', { ...payload, ...change(payload) }, deviceKeys(fill(1, 32)));
  const changed = (view: { statement: string }) =>
    view.statement === first.statement.jws ? { ...view, statement: other.jws } : view;
  state.lie = (route, { status, body }) =>
    route === 'list-records' ? { status, body: { records: body.records.map(changed) } } : undefined;
  expect(await refusal(listOf.patient)).toBe('rolled-back record');
  expect(await refusal(listOf.clinician)).toBe('rolled-back record');
});

describe('a next version in another folder, by an author who may write there', () => {
  /** The clinician may read the folder, and has the diary and the record's single-record folder in grants of their own. */
  const setUp = async () => {
    const all = await people();
    const { state, optionsOf, patient, clinician, first } = all;
    const author = createRecipient(optionsOf(3));
    await author.register();
    const diary = await patient.createFolder({ name: 'Diary', category: 'other' });
    const to = { purpose: 'TREAT', durationSeconds: 86_400 } as const;
    const [write] = await patient.grant({ ...to, recipient: author.id, folders: [diary.id], right: 'write' });
    const [alone] = await patient.grant({ ...to, recipient: clinician.id, record: first.record });
    const single = alone.folders[0]!;
    const grantOf = async (folders: readonly FolderId[]) => {
      const [{ id }] = await patient.grant({ ...to, recipient: clinician.id, folders });
      return clinician.grant(id, patient.id);
    };
    const second = signNow(
      'record',
      {
        ...first.statement.payload,
        version: 2,
        previous: first.statement.hash,
        folder: diary.id,
        author: author.id,
        grant: { id: write.id, hash: write.statement.hash },
      },
      deviceKeys(fill(3, 32)),
    );
    const view = { statement: second.jws, grant: write.statement.jws, state: 'committed' };
    /** From now on, the service shows the version in the list of the diary and among the versions of the record. */
    const lie = () => {
      state.lie = (route, { status, body }, url) => {
        if (route === 'get-record') return { status, body: { ...body, versions: [...body.versions, view] } };
        const isDiary = route === 'list-records' && url.pathname.includes(diary.id);
        return isDiary ? { status, body: { records: [view] } } : undefined;
      };
    };
    return { ...all, diary: diary.id, single, grantOf, lie };
  };
  type Shown = Awaited<ReturnType<typeof setUp>>;

  test.each<[string, (all: Shown) => unknown]>([
    ['a new client of the patient', ({ optionsOf, first }) => createPatient(optionsOf(1)).listVersions(first.record)],
    [
      'a new client of the recipient',
      ({ optionsOf, grant, first }) => createRecipient(optionsOf(2)).listVersions(grant, first.record),
    ],
  ])('is refused among the versions by %s', async (_, versions) => {
    const all = await setUp();
    all.lie();
    expect(await refusal(() => versions(all))).toBe('unverified record');
  });

  test('is refused in the list of that folder by a patient who knows the record', async () => {
    const { patient, diary, lie } = await setUp();
    lie();
    expect(await refusal(() => patient.listRecords(diary))).toBe('rolled-back record');
  });

  test.each<[string, (all: Shown) => FolderId]>([
    ['its folder', ({ folder }) => folder],
    ['its single-record folder', ({ single }) => single],
  ])('is refused in the list of that folder by a recipient who knows the record from %s', async (_, known) => {
    const all = await setUp();
    const { clinician, diary, grantOf, lie } = all;
    const grant = await grantOf([known(all), diary]);
    await clinician.listRecords(grant, known(all));
    lie();
    expect(await refusal(() => clinician.listRecords(grant, diary))).toBe('rolled-back record');
  });
});
