// Tests the lists of a recipient whose grant names a folder and also a single-record folder of a record that was filed in it.
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import type { FolderId } from '../../lib/bytes/ids.ts';
import { createRecipient, type RecordInfo } from '../../lib/client/index.ts';
import { refusing } from '../support/lying-fetch.ts';
import { refusal } from './clients.ts';
import { DAY, people } from './people.ts';

const labelsOf = (infos: readonly RecordInfo[]) => infos.map((i) => i.label?.title);
const namesOf = (infos: readonly RecordInfo[]) => infos.map((i) => `${i.label?.title} ${i.version}`);

/** Makes two records in one folder, and a person with a grant over this folder and over the single-record folder of the first record. */
const both = async () => {
  const p = await people();
  const { patient, folder, state } = p;
  const first = await patient.file(folder.id, utf8('one'), { title: 'One' });
  // Lists are ordered by the time of the filing.
  state.now += 1_000;
  await patient.file(folder.id, utf8('two'), { title: 'Two' });
  const person = createRecipient(p.optionsOf(3));
  await person.register();
  const common = { recipient: person.id, purpose: 'TREAT', durationSeconds: DAY } as const;
  const [alone] = await patient.grant({ ...common, record: first.record });
  const single = alone.folders[0]!;
  const [given] = await patient.grant({ ...common, folders: [folder.id, single] });
  const grant = await person.grant(given.id, patient.id);
  const list = (of: FolderId) => person.listRecords(grant, of);
  const versions = () => person.listVersions(grant, first.record);
  return { ...p, first, person, grant, single, home: () => list(folder.id), alone: () => list(single), versions };
};
type Both = Awaited<ReturnType<typeof both>>;

/** Makes the service answer lists of a folder with other records. */
const listing = ({ state }: Both, of: FolderId, records: (shown: readonly object[]) => readonly object[]): void => {
  state.lie = (route, said, url) =>
    route === 'list-records' && url.pathname.includes(of)
      ? { ...said, body: { records: records(said.body.records) } }
      : undefined;
};

describe('a grant over a folder and over a single-record folder of one of its records', () => {
  test('shows the record in both lists, with its label, and opens it from both', async () => {
    const { person, grant, home, alone, versions } = await both();
    for (let again = 0; again < 2; again++) {
      expect(labelsOf(await home())).toEqual(['One', 'Two']);
      expect(labelsOf(await alone())).toEqual(['One']);
      expect(labelsOf(await versions())).toEqual(['One']);
    }
    expect(labelsOf(await person.open(grant, [...(await alone()), ...(await home()).slice(1)]))).toEqual([
      'One',
      'Two',
    ]);
  });

  test.each([
    ['the folder', (w: Both) => [w.home, w.alone]],
    ['the single-record folder', (w: Both) => [w.alone, w.home]],
    ['the versions', (w: Both) => [w.versions, w.alone]],
  ])('keeps the record in the list of its folder, if the client read %s first', async (_, order) => {
    const w = await both();
    for (const read of order(w)) await read();
    listing(w, w.folder.id, (shown) => shown.slice(1));
    expect(labelsOf(await w.home()).toSorted()).toEqual(['One', 'Two']);
    w.state.lie = (route, said) => {
      if (route === 'get-record') return refusing(404, 'not-found');
      return route === 'list-records' ? { ...said, body: { records: said.body.records.slice(1) } } : undefined;
    };
    expect(await refusal(w.home)).toBe('rolled-back record');
  });

  test('keeps the record in the list of the single-record folder, also if that list was never read', async () => {
    const w = await both();
    listing(w, w.single, () => []);
    expect(labelsOf(await w.alone())).toEqual(['One']);
    const { lie } = w.state;
    w.state.lie = (route, said, url) => (route === 'get-record' ? refusing(404, 'not-found') : lie!(route, said, url));
    expect(await refusal(w.alone)).toBe('rolled-back record');
    w.state.lie = (route, said, url) =>
      route === 'get-record' ? { ...said, body: { versions: [] } } : lie!(route, said, url);
    expect(await refusal(w.alone)).toBe('rolled-back record');
  });

  test('is not shown the list of one folder for the other', async () => {
    const w = await both();
    const shown: Record<string, readonly object[]> = {};
    w.state.lie = (route, said, url) => {
      if (route === 'list-records') shown[url.pathname.includes(w.single) ? 'single' : 'home'] = said.body.records;
      return undefined;
    };
    await w.home();
    await w.alone();
    listing(w, w.single, () => shown['home']!);
    expect(await refusal(w.alone)).toBe('unverified record');
    listing(w, w.folder.id, () => shown['single']!);
    expect(labelsOf(await w.home()).toSorted()).toEqual(['One', 'Two']);
  });

  test('shows no other version in the list of the single-record folder', async () => {
    const w = await both();
    w.state.now += 1_000;
    await w.patient.fileVersion(w.first, utf8('one, corrected'), { title: 'One' });
    const shown: object[] = [];
    w.state.lie = (route, said) => {
      if (route === 'list-records') shown.push(...said.body.records);
      return undefined;
    };
    expect(namesOf(await w.home())).toEqual(['One 1', 'Two 1', 'One 2']);
    listing(w, w.single, () => shown.slice(2));
    expect(await refusal(w.alone)).toBe('unverified record');
  });

  test('shows no record that the patient deleted', async () => {
    const w = await both();
    await w.home();
    await w.alone();
    await w.patient.deleteRecord(w.first);
    expect([labelsOf(await w.home()), await w.alone(), await w.versions()]).toEqual([['Two'], [], []]);
    expect([labelsOf(await w.home()), await w.alone()]).toEqual([['Two'], []]);
  });

  test('shows a version that is alone in its single-record folder, and the next one in the folder', async () => {
    const w = await both();
    const { patient, person, first, grant, state } = w;
    await w.alone();
    state.now += 1_000;
    await patient.fileVersion(first, utf8('one, corrected'), { title: 'One' });
    expect(namesOf(await w.home())).toEqual(['One 1', 'Two 1', 'One 2']);
    expect(namesOf(await w.alone())).toEqual(['One 1']);
    expect(namesOf(await w.versions())).toEqual(['One 1', 'One 2']);
    listing(w, w.single, () => []);
    expect(namesOf(await w.alone())).toEqual(['One 1']);
    listing(w, w.folder.id, (shown) => shown.slice(0, 2));
    expect(namesOf(await w.home()).toSorted()).toEqual(['One 1', 'One 2', 'Two 1']);
    expect(namesOf(await person.open(grant, await w.versions()))).toEqual(['One 1', 'One 2']);
  });
});

test('the trail of the patient has the openings of a single-record folder', async () => {
  const { patient, clinician, folder } = await people();
  const { record } = await patient.file(folder.id, utf8('one'), {});
  const [given] = await patient.grant({ recipient: clinician.id, record, purpose: 'TREAT', durationSeconds: DAY });
  const single = given.folders[0]!;
  const grant = await clinician.grant(given.id, patient.id);
  await clinician.open(grant, await clinician.listRecords(grant, single));
  expect((await patient.audit()).at(-1)).toMatchObject({ kind: 'records-opened', subject: { folder: single } });
});

test('a label that the service swapped with one of another record is refused in the list of a single-record folder', async () => {
  const w = await both();
  const shown: Record<string, unknown>[] = [];
  w.state.lie = (route, said) => {
    if (route === 'list-records') shown.push(...said.body.records);
    return undefined;
  };
  await w.home();
  const { companionCiphertext, label } = shown[1]!;
  listing(w, w.single, (records) => records.map((r) => ({ ...r, companionCiphertext, label })));
  expect(await refusal(w.alone)).toBe('unverified label');
});

test('a grant over two single-record folders of records that were filed in one cell opens both in one call', async () => {
  const { patient, clinician, folder } = await people();
  const records = [await patient.file(folder.id, utf8('one'), {}), await patient.file(folder.id, utf8('two'), {})];
  const terms = { recipient: clinician.id, purpose: 'TREAT', durationSeconds: DAY } as const;
  for (const { record } of records) await patient.grant({ ...terms, record });
  const singles = (await patient.listFolders())
    .filter((f) => f.statement.payload.single !== undefined)
    .map((f) => f.id);
  const [{ id }] = await patient.grant({ ...terms, folders: singles });
  const grant = await clinician.grant(id, patient.id);
  const listed = [];
  for (const single of singles) listed.push(...(await clinician.listRecords(grant, single)));
  const opened = await clinician.open(grant, listed);
  expect(opened.map((o) => o.record).sort()).toEqual(records.map((r) => r.record).sort());
});

test('a grant over two single-record folders of one version, which two devices made at once, shows its label in both', async () => {
  const p = await people();
  const { patient, folder } = p;
  const first = await patient.file(folder.id, utf8('one'), { title: 'One' });
  const person = createRecipient(p.optionsOf(3));
  await person.register();
  const common = { recipient: person.id, purpose: 'TREAT', durationSeconds: DAY } as const;
  const singles: FolderId[] = [];
  const share = async (by: typeof patient) => {
    const [grant] = await by.grant({ ...common, record: first.record });
    singles.push(...grant.folders);
  };
  const device = p.device({
    before: (route) => (route === 'create-folder' && singles.length === 0 ? share(patient) : Promise.resolve()),
  });
  await share(device);
  expect(new Set(singles).size).toBe(2);
  for (const folders of [singles, singles.toReversed()]) {
    const [given] = await patient.grant({ ...common, folders });
    const grant = await person.grant(given.id, patient.id);
    for (const single of singles) expect(namesOf(await person.listRecords(grant, single))).toEqual(['One 1']);
    expect(namesOf(await person.listVersions(grant, first.record))).toEqual(['One 1']);
    expect(labelsOf(await person.open(grant, [first]))).toEqual(['One']);
  }
});
