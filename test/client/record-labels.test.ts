// Tests labels: patient and recipients read them in lists without an opening, the client refuses labels that no statement names, and an opening shows in which
// members the author's label differs from the metadata.
import { describe, expect, test } from '@jest/globals';
import { fromBase64url, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import type { FolderId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient, type Metadata, type RecordInfo } from '../../lib/client/index.ts';
import { fileRecord } from '../../lib/client/records/file-record.ts';
import { wrapBody, wrapFor } from '../../lib/client/records/wrap-body.ts';
import { targetUnder } from '../../lib/client/recipient.ts';
import { createContext, type Context } from '../../lib/client/session/context.ts';
import { labelHash, type Label } from '../../lib/envelope/label.ts';
import { wrapHash, type Wrap } from '../../lib/envelope/wrap.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import type { Lie } from '../support/lying-fetch.ts';
import { refusal } from './clients.ts';
import { DAY, people } from './people.ts';

const TEXTS = {
  fileName: 'befund-müller.pdf',
  mediaType: 'application/pdf',
  title: 'Blood test of November',
  clinicalDate: '2025-11-24',
  category: '11502-2',
};

/** A patient with two records in one folder, and a clinician who may read the folder. */
const readers = async () => {
  const p = await people();
  const first = await p.patient.file(p.folder.id, utf8('one'), TEXTS);
  // Lists are in the order of time.
  p.state.now += 1000;
  const second = await p.patient.file(p.folder.id, utf8('two'), { title: 'Second' });
  p.state.now += 1000;
  const { id } = await p.give();
  const grant = await p.clinician.grant(id, p.patient.id);
  const lists = {
    patient: () => p.patient.listRecords(p.folder.id),
    clinician: () => p.clinician.listRecords(grant, p.folder.id),
  };
  return { ...p, first, second, grant, lists };
};
const labelsOf = (infos: readonly RecordInfo[]) => infos.map((i) => i.label?.claimed);

/** Makes a grant to a further person, and the person's view of it. */
const grantTo = async (
  { patient, optionsOf }: Awaited<ReturnType<typeof people>>,
  seed: number,
  input: { readonly folders: readonly [FolderId] } | { readonly record: RecordInfo['record'] },
  right: 'read' | 'add' = 'read',
) => {
  const person = createRecipient(optionsOf(seed));
  await person.register();
  const scope = { recipient: person.id, purpose: 'TREAT', durationSeconds: DAY, right, ...input } as const;
  const [given] = await patient.grant(scope);
  return { person, grant: await person.grant(given.id, patient.id) };
};

describe('a list', () => {
  test.each(['patient', 'clinician'] as const)('of the %s shows the labels, and nothing is opened', async (reader) => {
    const { service, patient, grant, lists } = await readers();
    service.calls.length = 0;
    expect(labelsOf(await lists[reader]())).toEqual([TEXTS, { title: 'Second' }]);
    expect(service.calls).not.toContain('recapsulate');
    expect((await patient.getGrant(grant.id)).used).toBe(0);
    expect(await patient.openings()).toEqual([]);
  });

  test('of the versions of a record shows the label of each', async () => {
    const { patient, clinician, grant, first } = await readers();
    const filed = await patient.fileVersion(first, utf8('one, corrected'), { title: 'Corrected' });
    expect(filed.label?.claimed).toEqual({ title: 'Corrected' });
    expect(labelsOf(await patient.listVersions(first.record))).toEqual([TEXTS, { title: 'Corrected' }]);
    expect(labelsOf(await clinician.listVersions(grant, first.record))).toEqual([TEXTS, { title: 'Corrected' }]);
  });

  test('shows long texts cut, and what the author filed with any characters', async () => {
    const { patient, folder, lists } = await readers();
    const texts = { title: 'x'.repeat(500), fileName: '\u202egpj.exe', category: '<script>' };
    await patient.file(folder.id, utf8('three'), texts);
    expect((await lists.clinician()).at(-1)?.label?.claimed).toEqual({ ...texts, title: `${'x'.repeat(141)}…` });
  });

  test('shows none for a deleted record', async () => {
    const { patient, first, grant, clinician } = await readers();
    await patient.deleteRecord(first);
    expect(labelsOf(await patient.listVersions(first.record))).toEqual([undefined]);
    expect(await clinician.listVersions(grant, first.record)).toEqual([]);
  });

  test('shows the labels of all epochs to a reader whose grant was carried over, and none to a former one', async () => {
    const w = await readers();
    const other = await grantTo(w, 3, { folders: [w.folder.id] });
    await w.patient.revoke(w.grant);
    await w.patient.file(w.folder.id, utf8('three'), { title: 'Third' });
    const now = await other.person.grant(other.grant.id, w.patient.id);
    expect(now.cells.map((c) => c.epoch)).toEqual([1, 2]);
    const shown = labelsOf(await other.person.listRecords(now, w.folder.id));
    expect(shown).toEqual([TEXTS, { title: 'Second' }, { title: 'Third' }]);
    expect(await refusal(w.lists.clinician)).toBe('grant-ended');
  });

  test('of a single-record folder shows the label that the patient made for it', async () => {
    const w = await readers();
    const { person, grant } = await grantTo(w, 3, { record: w.first.record });
    const [cell] = grant.cells;
    expect(cell!.statement.payload.single).toMatchObject({ record: w.first.record, version: 1 });
    expect(labelsOf(await person.listRecords(grant, cell!.folder))).toEqual([TEXTS]);
    expect(labelsOf(await person.listVersions(grant, w.first.record))).toEqual([TEXTS]);
    const [opened] = await person.open(grant, await person.listRecords(grant, cell!.folder));
    expect([opened!.label?.claimed, opened!.labelDiffers]).toEqual([TEXTS, []]);
  });

  test('gives no labels to an author, who has no seed of the cell', async () => {
    const w = await readers();
    const { person, grant } = await grantTo(w, 3, { folders: [w.folder.id] }, 'add');
    expect(grant.cells[0]!.seeds).toBeUndefined();
    expect(await refusal(() => person.listRecords(grant, w.folder.id))).toBe('not-found');
    const filed = await person.file(grant, utf8('mine'), { title: 'Mine' });
    expect(filed.label?.claimed).toEqual({ title: 'Mine' });
    expect(await refusal(() => person.listVersions(grant, filed.record))).toBe('not-found');
  });
});

/** A version in an answer of the service. */
type View = Readonly<Record<string, unknown>>;
const withLabelOf = (view: View, { companionCiphertext, label }: View | undefined = {}): View => ({
  ...view,
  companionCiphertext,
  label,
});

/** Changes the versions in the answers of list-records and get-record. */
const changing =
  (change: (views: readonly View[]) => readonly View[]): Lie =>
  (route, said) => {
    const body = said.body as { readonly records: readonly View[]; readonly versions: readonly View[] };
    if (route === 'list-records') return { ...said, body: { ...body, records: change(body.records) } };
    if (route === 'get-record') return { ...said, body: { ...body, versions: change(body.versions) } };
    return undefined;
  };
/** Changes the first version only. */
const changingFirst = (change: (view: View) => View): Lie =>
  changing((views) => views.map((v, i) => (i === 0 ? change(v) : v)));

describe.each(['patient', 'clinician'] as const)('the client of the %s', (reader) => {
  test('refuses the label of another record', async () => {
    const { state, lists } = await readers();
    state.lie = changing((views) => views.map((v, i) => withLabelOf(v, views[1 - i])));
    expect(await refusal(lists[reader])).toBe('unverified label');
  });

  test('refuses a label that the service sealed itself, to the companion key that it knows', async () => {
    const { state, lists, first, folder, optionsOf } = await readers();
    const service = createContext(optionsOf(9));
    const content = { fileKey: fill(1, 32), label: { title: 'Forged' } };
    const wrap = wrapBody(await wrapFor(service, folder.statement.payload, first, content));
    const { companionCiphertext, label } = wrap;
    state.lie = changingFirst((v) => ({ ...v, companionCiphertext, label }));
    expect(await refusal(lists[reader])).toBe('unverified label');
    state.lie = changingFirst((v) => ({ ...v, label }));
    expect(await refusal(lists[reader])).toBe('unverified label');
  });

  test('shows a record without a label if the service leaves it out', async () => {
    const { state, lists } = await readers();
    for (const member of ['label', 'companionCiphertext']) {
      state.lie = changingFirst((v) => ({ ...v, [member]: undefined }));
      expect(labelsOf(await lists[reader]())).toEqual([undefined, { title: 'Second' }]);
    }
  });

  test('refuses the label of an earlier version', async () => {
    const { state, patient, clinician, grant, first } = await readers();
    await patient.fileVersion(first, utf8('one, corrected'), { title: 'Corrected' });
    state.lie = changing((views) => views.map((v) => withLabelOf(v, views[0])));
    const list = {
      patient: () => patient.listVersions(first.record),
      clinician: () => clinician.listVersions(grant, first.record),
    };
    expect(await refusal(list[reader])).toBe('unverified label');
  });

  test('refuses an opening with another label in the wrap', async () => {
    const { state, patient, clinician, grant, lists } = await readers();
    const listed = await lists[reader]();
    state.lie = (route, said) => {
      if (route !== 'recapsulate') return undefined;
      const [a, b] = said.body.records;
      return { ...said, body: { ...said.body, records: [{ ...a, wrap: { ...a.wrap, label: b.wrap.label } }, b] } };
    };
    const open = { patient: () => patient.open(listed), clinician: () => clinician.open(grant, listed) };
    // The label hash in the record statement is not that of this label, so the client refuses the label, whether or not it opens.
    expect(await refusal(open[reader])).toBe('unverified label');
  });
});

test('a label of the home cell is refused in the list of a single-record folder', async () => {
  const w = await readers();
  const { person, grant } = await grantTo(w, 3, { record: w.first.record });
  let home: readonly View[] = [];
  w.state.lie = changing((views) => (home = views));
  await w.patient.listVersions(w.first.record);
  w.state.lie = changing(() => home);
  const list = () => person.listRecords(grant, grant.cells[0]!.folder);
  expect(await refusal(list)).toBe('unverified label');
});

/** Files a record as an author whose program changes the wrap before it signs the statement. */
const fileWith = async (
  ctx: Context,
  target: Parameters<typeof fileRecord>[1],
  metadata: Metadata,
  change: (wrap: Wrap, relabelled: (label: Label) => Promise<Wrap>) => Wrap | Promise<Wrap>,
) => {
  const drawn: Uint8Array[] = [];
  const rng = (length: number) => {
    const bytes = ctx.platform.rng(length);
    if (length === 32) drawn.push(bytes);
    return bytes;
  };
  const call = (async (route, input, options) => {
    if (route !== 'commit-record') return ctx.call(route, input, options);
    const { body, params } = input as { body: { statement: string; wrap: Record<keyof Wrap, string> }; params: object };
    const { payload } = reloadStatement('record', body.statement);
    const decoded = Object.fromEntries(Object.entries(body.wrap).map(([n, b]) => [n, fromBase64url(b)]));
    const cell = (await target.current()).payload;
    // The first 32 random bytes of a filing are the file key.
    const relabelled = (label: Label) => wrapFor(ctx, cell, payload, { fileKey: drawn[0]!, label });
    const wrap = await change(decoded as unknown as Wrap, relabelled);
    const hashes = {
      wrap: toBase64url(await wrapHash(wrap)),
      label: toBase64url(labelHash(wrap.companionCiphertext, wrap.label)),
    };
    const statement = await signStatement('record', { ...payload, ...hashes }, ctx.keys);
    return ctx.call(
      route,
      { params, body: { ...body, statement: statement.jws, wrap: wrapBody(wrap) } } as never,
      options,
    );
  }) as Context['call'];
  const changed = { ...ctx, call, platform: { ...ctx.platform, rng } };
  await refusal(() => fileRecord(changed, target, { content: utf8('body'), metadata }));
};

describe('an author', () => {
  /** Lets another person file a record with a wrap of its own making. */
  const filedBy = async (metadata: Metadata, change: Parameters<typeof fileWith>[3]) => {
    const w = await readers();
    const { grant } = await grantTo(w, 3, { folders: [w.folder.id] }, 'add');
    const ctx = createContext(w.optionsOf(3));
    await fileWith(ctx, targetUnder(ctx, grant, undefined), metadata, change);
    return { ...w, listed: await w.lists.clinician() };
  };

  test('who labels a record with other texts than its metadata is found out at the opening', async () => {
    const { patient, clinician, grant, lists, listed } = await filedBy(TEXTS, (_, relabelled) =>
      relabelled({ ...TEXTS, title: 'Harmless', category: undefined }),
    );
    expect(listed[2]!.label?.claimed).toEqual({ ...TEXTS, title: 'Harmless', category: undefined });
    const [byClinician] = await clinician.open(grant, [listed[2]!]);
    const [byPatient] = await patient.open([(await lists.patient())[2]!]);
    for (const opened of [byClinician!, byPatient!]) {
      expect(opened.metadata.claimed).toEqual({ ...TEXTS, length: 4 });
      expect(opened.label).toEqual(listed[2]!.label);
      expect(opened.labelDiffers).toEqual(['title', 'category']);
    }
  });

  test('who seals no label that opens hides neither the record nor those of others', async () => {
    const broken = [
      (wrap: Wrap) => ({ ...wrap, label: fill(7, 272) }),
      // Sets the X25519 point at the end of the companion ciphertext to zero, which is a point of small order. No key then opens the label.
      (wrap: Wrap) => ({ ...wrap, companionCiphertext: wrap.companionCiphertext.slice().fill(0, 1088) }),
    ];
    for (const change of broken) {
      const { listed, lists } = await filedBy(TEXTS, change);
      expect(labelsOf(listed)).toEqual([TEXTS, { title: 'Second' }, undefined]);
      expect(labelsOf(await lists.patient())).toEqual([TEXTS, { title: 'Second' }, undefined]);
    }
  });

  test('whose label does not open: the opening names every text', async () => {
    const { clinician, grant, listed } = await filedBy({ title: 'T' }, (wrap) => ({ ...wrap, label: fill(7, 272) }));
    const [opened] = await clinician.open(grant, [listed[2]!]);
    expect([opened!.label, opened!.labelDiffers]).toEqual([undefined, ['title']]);
  });

  test('who lies does not reach a single-record folder: the patient labels it by the metadata', async () => {
    const w = await filedBy(TEXTS, (_, relabelled) => relabelled({ title: 'Harmless' }));
    const { person, grant } = await grantTo(w, 4, { record: w.listed[2]!.record });
    expect(labelsOf(await person.listRecords(grant, grant.cells[0]!.folder))).toEqual([TEXTS]);
  });
});

test('a record of a cell that the reader does not know is listed without a label', async () => {
  const w = await readers();
  const { person, grant } = await grantTo(w, 3, { folders: [w.folder.id] }, 'add');
  w.state.now += 1000;
  const { statement } = await person.file(grant, utf8('three'), { title: 'Third' });
  const elsewhere = await signStatement('record', { ...statement.payload, epoch: 9 }, deviceKeys(fill(3, 32)));
  w.state.lie = changing((views) => views.map((v, i) => (i === 2 ? { ...v, statement: elsewhere.jws } : v)));
  const device = createPatient(w.optionsOf(1));
  const expected = [TEXTS, { title: 'Second' }, undefined];
  expect(labelsOf(await device.listRecords(w.folder.id))).toEqual(expected);
  expect(labelsOf(await w.lists.clinician())).toEqual(expected);
});

test('an opening of what was listed finds no difference', async () => {
  const { patient, clinician, grant, lists } = await readers();
  for (const opened of [
    ...(await patient.open(await lists.patient())),
    ...(await clinician.open(grant, await lists.clinician())),
  ])
    expect(opened.labelDiffers).toEqual([]);
});

test('labels are nowhere in clear: not at the service, in the memory, the trail or the export', async () => {
  const { service, patient, clinician, lists, saved } = await readers();
  const [own] = await lists.patient();
  await lists.clinician();
  await patient.open([own!]);
  const exported = await patient.exportFhir();
  const seen = [
    service.memory.state,
    patient.memory.export(),
    clinician.memory.export(),
    saved,
    exported,
    patient.trail.export(),
  ];
  const text = JSON.stringify(seen, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  for (const word of Object.values(TEXTS)) {
    expect(text).not.toContain(JSON.stringify(word).slice(1, -1));
    expect(text).not.toContain(toBase64url(utf8(word)).slice(0, 12));
  }
});

test('the service gives a recipient the labels of its cells only', async () => {
  const w = await readers();
  const other = await w.patient.createFolder({ name: 'Letters', category: 'letters' });
  const letter = await w.patient.file(other.id, utf8('letter'), { title: 'Letter' });
  expect(await refusal(() => w.clinician.listRecords(w.grant, other.id))).toBe('not-found');
  expect(await refusal(() => w.clinician.listVersions(w.grant, letter.record))).toBe('not-found');
  await w.patient.pause(w.grant);
  expect(await refusal(w.lists.clinician)).toBe('grant-ended');
  expect(await refusal(() => w.clinician.listVersions(w.grant, w.first.record))).toBe('grant-ended');
});

test('keys of another person open no label', async () => {
  const { patient, folder, grant, state, optionsOf } = await readers();
  // The service gives the stranger the list that it gave the patient.
  let given: unknown;
  state.lie = (route, said) => {
    if (route === 'list-records' && said.status === 200) given = said.body;
    return route === 'list-records' && given !== undefined ? { status: 200, body: given } : undefined;
  };
  await patient.listRecords(folder.id);
  const stranger = createRecipient(optionsOf(5, { keys: deviceKeys(fill(5, 32)) }));
  await stranger.register();
  expect(await refusal(() => stranger.listRecords(grant, folder.id))).toBe('unverified companion');
});
