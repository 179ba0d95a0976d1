// Tests the life of a grant over HTTP: every right, every scope, every way to end, and the events in the trail.
import { describe, expect, test } from '@jest/globals';
import { readQrPayload, qrPayload, RightEnded, safetyNumber } from '../../../lib/client/index.ts';
import { collect } from '../../../lib/envelope/open-blob.ts';
import { bytesOf, DAY_SECONDS, given, then, when } from './people.ts';

const refused = (code: string, reason?: string) =>
  expect.objectContaining({ code, ...(reason === undefined ? {} : { details: expect.objectContaining({ reason }) }) });

const people = async () => {
  const [patient, recipient] = await Promise.all([given.patient(), given.recipient()]);
  patient.verify(recipient.id);
  return { patient, recipient };
};
const treat = { purpose: 'TREAT', durationSeconds: DAY_SECONDS } as const;

describe('rights to file', () => {
  test('`add`: the recipient files and cannot read; the receipt names the event, and readers see the grant', async () => {
    const { patient, recipient } = await people();
    const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
    await recipient.request({ patient: patient.id, folders: [folder.id], rights: ['read', 'add'], ...treat });
    const [asked] = await patient.listRequests('pending');
    expect(asked!.rights).toEqual(['read', 'add']);
    const [add, ...others] = await patient.approve(asked!, { rights: ['add'] });
    expect([add.right, others]).toEqual(['add', []]);

    const letter = bytesOf(1000);
    const filed = await recipient.file(add, letter, { title: 'Discharge letter' });
    expect(filed.receipt).toMatchObject({ author: recipient.id, record: filed.record, grant: add.id });
    await expect(recipient.listRecords({ ...add, cells: [] }, folder.id)).rejects.toEqual(refused('not-found'));
    await expect(recipient.open(await recipient.grant(add.id, patient.id), [filed])).rejects.toEqual(
      expect.objectContaining({ code: 'not-found' }),
    );

    const [seen] = await patient.listRecords(folder.id);
    expect([seen!.author, seen!.grant?.payload.grant]).toEqual([recipient.id, add.id]);
    const [opened] = await patient.open([seen!]);
    expect(Buffer.from(await collect(opened!.stream())).equals(letter)).toBe(true);
    const event = await patient.eventOf(filed.receipt!);
    expect([event.actor, event.kind, event.subject.grant]).toEqual([recipient.id, 'record-filed', add.id]);
    expect((await recipient.events()).map((e) => e.kind)).toContain('record-filed');
  });

  test('`write`: the recipient files the next version; earlier versions stay readable', async () => {
    const { patient, recipient } = await people();
    const folder = await patient.createFolder({ name: 'Plan', category: 'medication' });
    const first = await patient.file(folder.id, bytesOf(10), {});
    const [read] = await patient.grant({ recipient: recipient.id, folders: [folder.id], ...treat });
    const [write] = await patient.grant({ recipient: recipient.id, right: 'write', folders: [folder.id], ...treat });
    const second = await recipient.fileVersion(write, first, bytesOf(20), {});
    const third = await patient.fileVersion(second, bytesOf(30), {});
    const grant = await recipient.grant(read.id, patient.id);
    const versions = await recipient.listVersions(grant, first.record);
    expect(versions.map((v) => [v.version, v.author])).toEqual([
      [1, patient.id],
      [2, recipient.id],
      [3, patient.id],
    ]);
    expect((await then.opens(recipient, grant, versions)).map((b) => b.length)).toEqual([10, 20, 30]);
    expect((await patient.listRecords(folder.id)).map((r) => r.version)).toEqual([third.version]);
    await expect(recipient.file(write, bytesOf(1), {})).rejects.toEqual(refused('bad-argument'));
  });

  test('if the right ends between upload and commit, the uploaded blob is filed under another grant', async () => {
    const patient = await given.patient();
    let beforeCommit = (): Promise<unknown> => Promise.resolve();
    const sent: string[] = [];
    const recipient = await given.recipient({
      fetch: async (input, init) => {
        const { url, method } = new Request(input, init);
        if (url.endsWith('/versions/1')) await beforeCommit();
        if (method === 'PUT' && !url.includes('/v1/')) sent.push(url);
        return fetch(input, init);
      },
    });
    const folder = await patient.createFolder({ name: 'Films', category: 'imaging' });
    const terms = { recipient: recipient.id, right: 'add', folders: [folder.id], ...treat } as const;
    const [add] = await patient.grant(terms);
    beforeCommit = () => patient.revoke(add);
    const film = bytesOf(9 * 1024 * 1024);
    const ended = await recipient.file(add, film, {}).catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(RightEnded);
    expect(ended).toMatchObject({
      code: 'right-ended',
      cause: { code: 'grant-ended', details: { reason: 'revoked' } },
    });

    beforeCommit = () => Promise.resolve();
    const [again] = await patient.grant(terms);
    const filed = await recipient.resumeFiling(ended as RightEnded, again);
    expect(sent).toHaveLength(2);
    const [opened] = await patient.open([filed]);
    expect(Buffer.from(await collect(opened!.stream())).equals(film)).toBe(true);
  });
});

describe('scopes', () => {
  test('a standing grant for a category covers folders created later; the preview lists the folders', async () => {
    const { patient, recipient } = await people();
    const blood = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    await patient.createFolder({ name: 'Letters', category: 'letters' });
    await recipient.request({ patient: patient.id, categories: ['laboratory'], message: 'For the cough', ...treat });
    const [asked] = await patient.listRequests('pending');
    expect(asked!.message).toBe('For the cough');
    expect((await patient.preview(asked!)).map((f) => f.name)).toEqual(['Blood']);
    const [granted] = await patient.approve(asked!);
    expect(granted.standing).toEqual({ categories: ['laboratory'] });
    const urine = await patient.createFolder({ name: 'Urine', category: 'laboratory' });
    const record = await patient.file(urine.id, bytesOf(12), {});
    const grant = await recipient.grant(granted.id, patient.id);
    expect(grant.cells.map((c) => c.folder).sort()).toEqual([blood.id, urine.id].sort());
    expect((await then.opens(recipient, grant, [record]))[0]).toHaveLength(12);
    expect(await patient.outstanding(urine.id)).toEqual([]);
  });

  test('a grant to everything that is not standing covers existing folders only', async () => {
    const { patient, recipient } = await people();
    await patient.createFolder({ name: 'A', category: 'letters' });
    const [granted] = await patient.grant({ recipient: recipient.id, everything: true, ...treat });
    await patient.createFolder({ name: 'B', category: 'letters' });
    expect((await recipient.grant(granted.id)).cells).toHaveLength(1);
  });

  test('a single record is shared in a folder that contains nothing else', async () => {
    const { patient, recipient, folder, records } = await given.folder([bytesOf(40), bytesOf(50)]);
    await recipient.request({ patient: patient.id, record: records[1]!.record, ...treat });
    const [asked] = await patient.listRequests('pending');
    const [granted] = await patient.approve(asked!, { unverifiedRecipient: true });
    const grant = await recipient.grant(granted.id, patient.id);
    const [cell] = grant.cells;
    expect(cell!.folder).not.toBe(folder);
    const listed = await recipient.listRecords(grant, cell!.folder);
    expect(listed.map((r) => r.record)).toEqual([records[1]!.record]);
    expect((await then.opens(recipient, grant, listed)).map((b) => b.length)).toEqual([50]);
    await expect(recipient.open(grant, [records[0]!])).rejects.toEqual(refused('unknown-cell'));
    expect((await patient.listFolders()).find((f) => f.id === cell!.folder)?.name).toBe('one record');
  });

  test('refuses to approve a recipient whose id is not verified', async () => {
    const { patient, recipient, folder } = await given.folder([]);
    await when.asks({ patient, recipient, folder });
    const [asked] = await patient.listRequests('pending');
    await expect(patient.approve(asked!)).rejects.toEqual(refused('unverified-recipient'));
    expect(safetyNumber(patient.id, recipient.id)).toMatch(/^(\d{5} ){11}\d{5}$/);
    expect(safetyNumber(patient.id, recipient.id)).toBe(safetyNumber(recipient.id, patient.id));
    patient.verify(readQrPayload(qrPayload(recipient.id)));
    await expect(patient.approve(asked!)).resolves.toHaveLength(1);
  });
});

describe('pauses and endings', () => {
  test('a pause stops openings, a resumption allows them again, and a second one of either changes nothing', async () => {
    const { patient, recipient, grant, records } = await given.grant([bytesOf(7)]);
    const paused = await patient.pause(grant);
    expect(paused.state).toBe('paused');
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'paused'));
    expect((await patient.pause(grant)).state).toBe('paused');
    expect((await recipient.listGrants('paused')).map((g) => g.id)).toEqual([grant.id]);
    expect((await patient.resume(paused)).state).toBe('active');
    expect((await then.opens(recipient, grant, records))[0]).toHaveLength(7);
    expect((await patient.resume(paused)).state).toBe('active');
    const held = (await patient.audit())
      .map((e) => e.kind)
      .filter((k) => k === 'grant-paused' || k === 'grant-resumed');
    expect(held).toEqual(['grant-paused', 'grant-resumed']);
  });

  test('after a revocation the next record is filed in a new epoch, which only recipients with a live grant can read', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)]);
    const other = await given.recipient();
    const [stillLive] = await patient.grant({ recipient: other.id, folders: [folder], ...treat });
    await patient.revoke(grant);
    const after = await patient.file(folder, bytesOf(6), {});
    expect([records[0]!.epoch, after.epoch]).toEqual([1, 2]);
    const extended = await other.grant(stillLive.id, patient.id);
    expect(extended.cells.map((c) => c.epoch)).toEqual([1, 2]);
    expect((await then.opens(other, extended, [records[0]!, after])).map((b) => b.length)).toEqual([5, 6]);
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'revoked'));
    await expect(recipient.open(grant, [after])).rejects.toEqual(refused('unknown-cell'));
    expect((await patient.open([records[0]!, after])).map((o) => o.metadata.length)).toEqual([5, 6]);
    // The second filing starts no further epoch.
    expect((await patient.file(folder, bytesOf(6), {})).epoch).toBe(2);
    // A grant that is made now also has the earlier epochs.
    const third = await given.recipient();
    const [late] = await patient.grant({ recipient: third.id, folders: [folder], ...treat });
    expect((await third.grant(late.id)).cells.map((c) => c.epoch)).toEqual([1, 2]);
  });

  test('after the last opening of a grant, the next record is filed in a new epoch', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)], {}, { openings: 1 });
    await recipient.open(grant, records);
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'exhausted'));
    expect((await patient.file(folder, bytesOf(6), {})).epoch).toBe(2);
  });

  test('a returned grant ends at once by the recipient’s statement, and its cells are closed', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)]);
    expect(await recipient.giveBack(grant)).toMatchObject({ id: grant.id, state: 'revoked' });
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'revoked'));
    expect(await recipient.giveBack(grant, 'other')).toMatchObject({ state: 'revoked' });
    const events = (await patient.audit()).filter((e) => e.kind === 'grant-returned');
    expect(events).toMatchObject([{ actor: recipient.id, subject: { grant: grant.id } }]);
    await expect(patient.pause(grant)).rejects.toEqual(refused('grant-ended', 'revoked'));
    expect((await patient.file(folder, bytesOf(6), {})).epoch).toBe(2);
  });

  test('new requests use a new receiving key; grants to the previous key stay until they are returned', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)]);
    const asked = await when.asks({ patient, recipient, folder });
    expect((await recipient.renewReceivingKey()).payload.receiving.number).toBe(2);
    await expect(patient.approve(asked, { unverifiedRecipient: true })).rejects.toEqual(
      expect.objectContaining({ code: 'unverified', what: 'receiving-key' }),
    );
    await recipient.withdraw(asked);
    expect((await then.opens(recipient, grant, records)).map((b) => b.length)).toEqual([5]);
    await recipient.giveBack(grant, 'key-replaced');
    const next = await when.granted({ patient, recipient, folder });
    expect(next.statement.payload.receiving.number).toBe(2);
    expect((await then.opens(recipient, next, records)).map((b) => b.length)).toEqual([5]);
  });

  test('a withdrawn request cannot be approved', async () => {
    const { patient, recipient, folder } = await given.folder([]);
    const asked = await when.asks({ patient, recipient, folder });
    await recipient.withdraw(asked);
    expect((await recipient.listRequests('withdrawn')).map((r) => r.id)).toEqual([asked.id]);
    await expect(patient.approve(asked, { unverifiedRecipient: true })).rejects.toEqual(refused('request-closed'));
  });
});

test('the trail shows who opened which record, when and for what purpose, continues after the last read, and has a signed checkpoint', async () => {
  const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(3), bytesOf(4)]);
  await recipient.open(grant, [records[0]!]);
  const first = await patient.openings({ opener: recipient.id });
  expect(first.map((o) => [o.record, o.purpose])).toEqual([[records[0]!.record, 'TREAT']]);
  await recipient.open(grant, [records[1]!]);
  await patient.open([records[1]!]);
  expect(await patient.openings({ record: records[1]!.record })).toHaveLength(2);
  expect(await patient.openings({ folder, purpose: 'TREAT' })).toHaveLength(2);
  expect(await patient.openings({ from: first[0]!.at + 3_600_000 })).toEqual([]);
  const checkpoint = await patient.checkpoint();
  const trail = await patient.audit({ fromStart: true });
  expect([checkpoint.seq, checkpoint.hash]).toEqual([trail.length, trail.at(-1)!.hash]);
  expect(patient.trail.checkpoints()).toEqual([checkpoint.jws]);
  expect(trail).toEqual(patient.trail.entries());
});
