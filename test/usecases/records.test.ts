// Tests the use cases list-records, get-record and delete-record.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type GrantId, type RecordId } from '../../lib/bytes/ids.ts';
import { UPLOAD_URL_END, UPLOAD_URL_LIFE } from '../../lib/domain/record.ts';
import { DAY } from '../../lib/domain/time.ts';
import {
  b64,
  deletionOf,
  epochAfter,
  filingOf,
  hashOf,
  grantOf,
  nobody,
  NOW,
  patient,
  recipient,
  revocationOf,
  stranger,
  type Filing,
} from './people.ts';
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
  unchanged,
  type Clinic,
} from './clinic.ts';

const viewOf = ({ statement, body }: Filing) => ({
  statement: statement.jws,
  state: 'committed',
  metadata: body.metadata,
  companionCiphertext: body.wrap.companionCiphertext,
  label: body.wrap.label,
});
const recordId = ({ statement }: Filing): RecordId => statement.payload.record;
const idOf = (w: Clinic): GrantId => w.grant.statement.payload.grant;

const makeGrant = async (w: Clinic, ...args: Parameters<typeof grantOf>): Promise<GrantId> => {
  const { statement, body } = await grantOf(...args);
  const { grant } = statement.payload;
  await send(w, 'grant-access', patient, { params: { grantId: grant }, body });
  return grant;
};

const revoke = async (w: Clinic): Promise<void> => {
  const { jws } = await revocationOf(w.grant.statement);
  await send(w, 'revoke-grant', patient, { params: { grantId: idOf(w) }, body: { statement: jws } });
};

const remove = async (
  w: Pick<Clinic, 'ports' | 'state'>,
  filing: Filing,
  changes: Parameters<typeof deletionOf>[2] = {},
  by = patient,
  now = NOW,
) => {
  const { jws } = await deletionOf(by, filing.statement, changes);
  return send(w, 'delete-record', by, { params: { recordId: recordId(filing) }, body: { statement: jws }, now });
};

const revised = async (w: Clinic, { statement }: Filing, cell = w.folder): Promise<Filing> => {
  const { record, version } = statement.payload;
  const next = { record, version: version + 1, previous: statement.hash };
  return file(w, patient, await filingOf(patient, cell, next));
};

/** The two routes that read with a grant. Both refuse in the same way. */
const READS = [
  [
    'list-records',
    (w: Clinic, by: typeof patient, grant?: GrantId, now = NOW) =>
      send(w, 'list-records', by, { params: { folderId: w.folder.payload.folder }, query: { grant }, now }),
  ],
  [
    'get-record',
    (w: Clinic, by: typeof patient, grant?: GrantId, now = NOW) =>
      send(w, 'get-record', by, { params: { recordId: recordId(w.letter) }, query: { grant }, now }),
  ],
] as const;

describe.each(READS)('%s with a grant', (_name, read) => {
  test('refuses an unregistered caller, with any grant', async () => {
    const w = await clinic();
    const denied = { code: 'not-registered' };
    expect(await refused(w, () => read(w, nobody))).toEqual(denied);
    expect(await refused(w, () => read(w, nobody, idOf(w)))).toEqual(denied);
    expect(await refused(w, () => read(w, nobody, newId<GrantId>()))).toEqual(denied);
  });

  test('answers not-found to another identity without a grant', async () => {
    const w = await clinic();
    for (const person of [recipient, stranger])
      expect(await refused(w, () => read(w, person))).toEqual({ code: 'not-found' });
  });

  test("answers not-found for a grant that is missing or another recipient's", async () => {
    const w = await clinic();
    expect(await refused(w, () => read(w, recipient, newId<GrantId>()))).toEqual({ code: 'not-found' });
    expect(await refused(w, () => read(w, stranger, idOf(w)))).toEqual({ code: 'not-found' });
    expect(await refused(w, () => read(w, patient, idOf(w)))).toEqual({ code: 'not-found' });
  });

  test('answers not-found for a grant to other cells', async () => {
    const w = await clinic();
    const grant = await makeGrant(w, [w.other]);
    expect(await refused(w, () => read(w, recipient, grant))).toEqual({ code: 'not-found' });
  });

  test('refuses a grant that has ended or has not begun', async () => {
    const w = await clinic();
    const ended = (reason: string) => ({ code: 'grant-ended', reason });
    expect(await refused(w, () => read(w, recipient, idOf(w), NOW + DAY))).toEqual(ended('expired'));
    const later = await makeGrant(w, [w.folder], { notBefore: NOW + 1 });
    expect(await refused(w, () => read(w, recipient, later))).toEqual({ code: 'grant-not-begun', serverTime: NOW });
    await revoke(w);
    expect(await refused(w, () => read(w, recipient, idOf(w)))).toEqual(ended('revoked'));
  });

  test('refuses an exhausted grant', async () => {
    const w = await clinic();
    const grant = await makeGrant(w, [w.folder], { openings: 1 });
    const row = w.state.grants.get(grant)!;
    w.state.grants.set(grant, { ...row, status: { ...row.status, used: 1 } });
    expect(await refused(w, () => read(w, recipient, grant))).toEqual({ code: 'grant-ended', reason: 'exhausted' });
  });
});

describe('list-records', () => {
  const list = (w: Clinic, by = patient, query = {}) =>
    send(w, 'list-records', by, { params: { folderId: w.folder.payload.folder }, query });

  test('returns the latest versions in a folder, oldest record first', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    const later = await file(w, patient, await filingOf(patient, w.folder, { created: NOW + 1 }));
    const all = await unchanged(w, () => list(w));
    expect(all).toEqual({ records: [second, later].map(viewOf) });
    const one = await list(w, patient, { limit: 1 });
    expect(one).toEqual({ records: [viewOf(second)], next: one.next });
    expect(await list(w, patient, { limit: 1, cursor: one.next })).toEqual({ records: [viewOf(later)] });
  });

  test('returns every version in the cells of the grant to a recipient, and no other', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    const epoch = await epochAfter(patient, w.folder);
    await putFolder(w, patient, epoch);
    await revised(w, second, epoch);
    const both = await makeGrant(w, [w.folder, w.other]);
    for (const grant of [idOf(w), both])
      expect(await list(w, recipient, { grant })).toEqual({ records: expect.arrayContaining([viewOf(w.letter)]) });
    expect((await list(w, recipient, { grant: both })).records).toHaveLength(2);
    const one = await list(w, recipient, { grant: both, limit: 1 });
    const two = await list(w, recipient, { grant: both, limit: 1, cursor: one.next });
    const found = new Set([...one.records, ...two.records].map((r) => r.statement));
    expect(found).toEqual(new Set([w.letter.statement.jws, second.statement.jws]));
    expect(two.next).toBeUndefined();
  });

  test('answers not-found for a missing folder', async () => {
    const w = await clinic();
    const sent = { params: { folderId: newId<FolderId>() } };
    expect(await refused(w, () => send(w, 'list-records', patient, sent))).toEqual({ code: 'not-found' });
    const granted = { ...sent, query: { grant: idOf(w) } };
    expect(await refused(w, () => send(w, 'list-records', recipient, granted))).toEqual({ code: 'not-found' });
  });

  test('omits deleted records', async () => {
    const w = await clinic();
    await remove(w, w.letter);
    expect(await list(w)).toEqual({ records: [] });
    expect(await list(w, recipient, { grant: idOf(w) })).toEqual({ records: [] });
  });
});

describe('get-record', () => {
  const get = (w: Clinic, by = patient, query = {}, filing = w.letter) =>
    send(w, 'get-record', by, { params: { recordId: recordId(filing) }, query });

  test('returns all versions to the patient, oldest first', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    expect(await unchanged(w, () => get(w))).toStrictEqual({ versions: [w.letter, second].map(viewOf) });
    const one = await get(w, patient, { limit: 1 });
    expect(one).toStrictEqual({ versions: [viewOf(w.letter)], next: one.next });
    expect(await get(w, patient, { limit: 1, cursor: one.next })).toStrictEqual({ versions: [viewOf(second)] });
  });

  test('reads only the wraps of the versions on the page, for patient and recipient', async () => {
    const w = await clinic();
    await revised(w, await revised(w, w.letter));
    const { records } = w.ports;
    const asked: (readonly number[])[] = [];
    const seen = {
      ...w,
      ports: {
        ...w.ports,
        records: {
          ...records,
          wraps: async (...of: Parameters<typeof records.wraps>) => {
            const wraps = await records.wraps(...of);
            asked.push(wraps.map((v) => v.version).sort());
            return wraps;
          },
        },
      },
    };
    for (const [by, of] of [
      [patient, {}],
      [recipient, { grant: idOf(w) }],
    ] as const) {
      const first = await get(seen, by, { ...of, limit: 2 });
      await get(seen, by, { ...of, limit: 2, cursor: first.next });
    }
    expect(asked).toEqual([[1, 2], [3], [1, 2], [3]]);
  });

  test('returns an empty page to a recipient whose grant reads only versions on another page, and hides the record from others', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    const epoch = await epochAfter(patient, w.folder);
    await putFolder(w, patient, epoch);
    const third = await revised(w, second, epoch);
    const newer = await makeGrant(w, [epoch]);
    const first = await get(w, recipient, { grant: newer, limit: 2 });
    expect(first).toStrictEqual({ versions: [], next: first.next });
    const page = { limit: 2, cursor: first.next };
    expect(await get(w, recipient, { grant: newer, ...page })).toStrictEqual({ versions: [viewOf(third)] });
    expect(await get(w, recipient, { grant: idOf(w), ...page })).toStrictEqual({ versions: [] });
    const other = await makeGrant(w, [w.other]);
    for (const asked of [{ limit: 2 }, page, {}])
      expect(await refused(w, () => get(w, recipient, { grant: other, ...asked }))).toEqual({ code: 'not-found' });
  });

  test('returns the versions in the cells of the grant to a recipient', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    const epoch = await epochAfter(patient, w.folder);
    await putFolder(w, patient, epoch);
    const third = await revised(w, second, epoch);
    const both = await makeGrant(w, [w.folder, w.other]);
    expect(await unchanged(w, () => get(w, recipient, { grant: both }))).toStrictEqual({
      versions: [w.letter, second].map(viewOf),
    });
    const one = await get(w, recipient, { grant: both, limit: 1 });
    expect(one).toStrictEqual({ versions: [viewOf(w.letter)], next: one.next });
    const newer = await makeGrant(w, [epoch]);
    expect(await get(w, recipient, { grant: newer })).toStrictEqual({ versions: [viewOf(third)] });
  });

  test('answers not-found for a missing record', async () => {
    const w = await clinic();
    const sent = { params: { recordId: newId<RecordId>() } };
    expect(await refused(w, () => send(w, 'get-record', patient, sent))).toEqual({ code: 'not-found' });
    const granted = { ...sent, query: { grant: idOf(w) } };
    expect(await refused(w, () => send(w, 'get-record', recipient, granted))).toEqual({ code: 'not-found' });
  });

  test('returns the tombstone of a deleted record to the patient, and only the deletion to a recipient of the patient', async () => {
    const w = await clinic();
    const { deletion } = await remove(w, w.letter);
    expect(await get(w)).toStrictEqual({
      versions: [{ statement: w.letter.statement.jws, state: 'deleted' }],
      deletion,
    });
    expect(await get(w, recipient, { grant: idOf(w) })).toStrictEqual({ versions: [], deletion });
  });

  test('does not show the deletion to the recipient of another patient', async () => {
    const w = await clinic();
    await remove(w, w.theirs, {}, stranger);
    const of = { recordId: recordId(w.theirs) };
    const asked = () => send(w, 'get-record', recipient, { params: of, query: { grant: idOf(w) } });
    expect(await refused(w, asked)).toEqual({ code: 'not-found' });
  });

  test("returns the author's grant with a version of another author", async () => {
    const w = await clinic();
    const row = w.state.records.get(recordId(w.letter))!;
    const grant = w.grant.statement.jws;
    w.state.records.set(recordId(w.letter), {
      ...row,
      versions: new Map([[1, { ...row.versions.get(1)!, grant }]]),
    });
    expect(await get(w)).toEqual({ versions: [{ ...viewOf(w.letter), grant }] });
  });
});

describe('delete-record', () => {
  test('deletes metadata, wraps and blobs of every version, and keeps the statements', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    const record = recordId(w.letter);
    const keys = (await w.ports.records.blobs(record)).map((b) => b.key);
    const deletion = await deletionOf(patient, second.statement);
    const answer = await send(w, 'delete-record', patient, {
      params: { recordId: record },
      body: { statement: deletion.jws },
    });
    const { folder } = w.folder.payload;
    expect(answer).toStrictEqual({
      versions: [w.letter, second].map(({ statement }) => ({ statement: statement.jws, state: 'deleted' })),
      deletion: deletion.jws,
    });
    expect(keys.map((key) => w.state.objects.get(key)?.body.length)).toEqual([0, 0]);
    expect(w.state.records.get(record)).toMatchObject({ wraps: [], head: { state: 'deleted' } });
    const subject = { folder, records: [{ record, version: 2 }] };
    expect(lastEvent(w, patient)).toEqual(eventOf('record-deleted', patient, subject, deletion, { evidence: true }));
  });

  test('answers a repetition with the first deletion, and deletes blobs that a crash has left', async () => {
    const w = await clinic();
    const [object] = [...w.state.objects.entries()];
    const first = await remove(w, w.letter);
    expect(await unchanged(w, () => remove(w, w.letter))).toEqual(first);
    w.state.objects.set(...object!);
    expect(await remove(w, w.letter)).toEqual(first);
    expect(w.state.objects.get(object![0])?.body.length).toBe(0);
  });

  test('does not let a blob come back by an upload URL from before the deletion', async () => {
    const w = await clinic();
    const filing = await filingOf(patient, w.folder);
    const { upload, blob } = filing;
    const record = recordId(filing);
    await begin(w, patient, filing, { multipart: false });
    const parts = [{ number: 1, length: blob.length, sha256: hashOf(blob) }];
    const body = { upload, parts };
    const { parts: targets } = await send(w, 'upload-parts', patient, { params: { recordId: record }, body });
    const sendAt = (now: number) => w.send(targets[0]!, blob, now);
    expect(sendAt(NOW)).toBe(200);
    await commit(w, patient, filing);
    const { url } = await w.ports.blobs.download((await w.ports.records.blobs(record))[0]!, NOW);
    await remove(w, filing);
    const stored = () => w.state.objects.get(`b/${record}/${upload}`)?.body.length;
    for (const now of [NOW, NOW + UPLOAD_URL_LIFE]) expect([sendAt(now), stored()]).toEqual([412, 0]);
    expect(sendAt(NOW + UPLOAD_URL_END)).toBe(403);
    expect(w.fetch(url, NOW)).toBeUndefined();
    const next = await filingOf(patient, w.folder, { record, version: 2, previous: filing.statement.hash });
    expect(await refused(w, () => begin(w, patient, next))).toEqual({ code: 'already-exists' });
    const params = { recordId: record };
    expect(await refused(w, () => send(w, 'upload-parts', patient, { params, body }))).toEqual({
      code: 'upload-not-found',
    });
  });

  test('leaves no object once no upload URL can be valid any more', async () => {
    const w = await clinic();
    const second = await revised(w, w.letter);
    const keys = (await w.ports.records.blobs(recordId(w.letter))).map((b) => b.key);
    await remove(w, second, {}, patient, NOW + UPLOAD_URL_END - 1);
    expect(keys.map((key) => w.state.objects.get(key)?.body.length)).toEqual([0, 0]);
    await remove(w, second, {}, patient, NOW + UPLOAD_URL_END);
    expect(keys.map((key) => w.state.objects.has(key))).toEqual([false, false]);
  });

  test('refuses another deletion of a deleted record, because its entry is not in the chain', async () => {
    const w = await clinic();
    await remove(w, w.letter);
    const again = () => remove(w, w.letter, { when: NOW + 1, code: 'other' });
    expect(await refused(w, again)).toEqual({ code: 'statement-outdated' });
  });

  test('returns the first page of many versions', async () => {
    const w = await clinic();
    let last = w.letter;
    for (let n = 0; n < 50; n++) {
      const { statement } = last;
      const { record, version } = statement.payload;
      const filing = await filingOf(patient, w.folder, { record, version: version + 1, previous: statement.hash });
      const row = w.state.records.get(record)!;
      const stored = { ...row.versions.get(1)!, statement: filing.statement };
      w.state.records.set(record, {
        ...row,
        head: { ...row.head, latest: version + 1, latestHash: filing.statement.hash },
        versions: new Map(row.versions).set(version + 1, stored),
      });
      last = filing;
    }
    const answer = await remove(w, last);
    expect([answer.versions.length, typeof answer.next]).toEqual([50, 'string']);
  });

  test('refuses another record in the path', async () => {
    const w = await clinic();
    const { jws } = await deletionOf(patient, w.letter.statement);
    const sent = { params: { recordId: recordId(w.scan) }, body: { statement: jws } };
    expect(await refused(w, () => send(w, 'delete-record', patient, sent))).toEqual({
      code: 'statement-invalid',
      member: 'record',
    });
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    expect(await refused(w, () => remove(w, w.letter, {}, nobody))).toEqual({ code: 'not-registered' });
    const { jws } = await deletionOf(patient, w.letter.statement);
    const sent = { params: { recordId: recordId(w.letter) }, body: { statement: jws } };
    expect(await refused(w, () => send(w, 'delete-record', stranger, sent))).toBe('StatementError wrong-signer');
  });

  test("answers not-found for a record that is missing or another patient's", async () => {
    const w = await clinic();
    const none = await filingOf(patient, w.folder);
    expect(await refused(w, () => remove(w, none))).toEqual({ code: 'not-found' });
    expect(await refused(w, () => remove(w, w.letter, {}, recipient))).toEqual({ code: 'not-found' });
    expect(await refused(w, () => remove(w, w.theirs))).toEqual({ code: 'not-found' });
  });

  test('refuses a deletion that does not name the latest version', async () => {
    const w = await clinic();
    await revised(w, w.letter);
    expect(await refused(w, () => remove(readOnly(w), w.letter))).toEqual({ code: 'statement-outdated' });
    expect(await refused(w, () => remove(readOnly(w), w.letter, { of: b64(32) }))).toEqual({
      code: 'statement-outdated',
    });
  });

  test('refuses the deletion if a version is filed meanwhile', async () => {
    const w = await clinic();
    const late = interrupted(w, 'records.delete', () => revised(w, w.letter));
    const { jws } = await deletionOf(patient, w.letter.statement);
    const sent = { params: { recordId: recordId(w.letter) }, body: { statement: jws } };
    await expect(send(late, 'delete-record', patient, sent)).rejects.toMatchObject({ code: 'statement-outdated' });
    expect(await w.ports.records.find(recordId(w.letter))).toMatchObject({ state: 'committed', latest: 2 });
  });
});
