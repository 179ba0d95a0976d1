// The life of a grant over HTTP: every right, scope and ending, and the trail that tells of it.
import { describe, expect, test } from '@jest/globals';
import { readQrPayload, qrPayload, RightEnded, safetyNumber } from '../../../lib/client/index.ts';
import { collect } from '../../../lib/envelope/open.ts';
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
  test('with add a recipient files and cannot read back; the receipt names the event, and readers see by whose grant', async () => {
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

  test('with write a recipient files the next version; history stays readable', async () => {
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

  test('a right that ends between upload and commit: what was uploaded is filed under another grant', async () => {
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
    const gift = { recipient: recipient.id, right: 'add', folders: [folder.id], ...treat } as const;
    const [add] = await patient.grant(gift);
    beforeCommit = () => patient.revoke(add);
    const film = bytesOf(9 * 1024 * 1024);
    const ended = await recipient.file(add, film, {}).catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(RightEnded);
    expect(ended).toMatchObject({
      code: 'right-ended',
      cause: { code: 'grant-ended', details: { reason: 'revoked' } },
    });

    beforeCommit = () => Promise.resolve();
    const [again] = await patient.grant(gift);
    const filed = await recipient.resumeFiling(ended as RightEnded, again);
    expect(sent).toHaveLength(2);
    const [opened] = await patient.open([filed]);
    expect(Buffer.from(await collect(opened!.stream())).equals(film)).toBe(true);
  });
});

describe('scopes', () => {
  test('a category that stands takes in what is made later; the preview says what would open', async () => {
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

  test('everything, without standing, is what there is', async () => {
    const { patient, recipient } = await people();
    await patient.createFolder({ name: 'A', category: 'letters' });
    const [granted] = await patient.grant({ recipient: recipient.id, everything: true, ...treat });
    await patient.createFolder({ name: 'B', category: 'letters' });
    expect((await recipient.grant(granted.id)).cells).toHaveLength(1);
  });

  test('one record is shared alone, and its folder shows nothing else', async () => {
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

  test('somebody whose id nobody verified is not approved by the way', async () => {
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

describe('endings', () => {
  test('a pause holds, a resumption lets go on, and neither can be played again', async () => {
    const { patient, recipient, grant, records } = await given.grant([bytesOf(7)]);
    const paused = await patient.pause(grant);
    expect(paused.state).toBe('paused');
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'paused'));
    await expect(patient.pause(grant)).rejects.toEqual(refused('statement-outdated'));
    expect((await recipient.listGrants('paused')).map((g) => g.id)).toEqual([grant.id]);
    expect((await patient.resume(paused)).state).toBe('active');
    expect((await then.opens(recipient, grant, records))[0]).toHaveLength(7);
    await expect(patient.resume(paused)).rejects.toEqual(refused('statement-outdated'));
  });

  test('after an end the next filing goes into a new epoch, which those who go on can read and the others cannot', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)]);
    const other = await given.recipient();
    const [kept] = await patient.grant({ recipient: other.id, folders: [folder], ...treat });
    await patient.revoke(grant);
    const after = await patient.file(folder, bytesOf(6), {});
    expect([records[0]!.epoch, after.epoch]).toEqual([1, 2]);
    const goesOn = await other.grant(kept.id, patient.id);
    expect(goesOn.cells.map((c) => c.epoch)).toEqual([1, 2]);
    expect((await then.opens(other, goesOn, [records[0]!, after])).map((b) => b.length)).toEqual([5, 6]);
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'revoked'));
    await expect(recipient.open(grant, [after])).rejects.toEqual(refused('unknown-cell'));
    expect((await patient.open([records[0]!, after])).map((o) => o.metadata.length)).toEqual([5, 6]);
    // The second filing has nothing left to close.
    expect((await patient.file(folder, bytesOf(6), {})).epoch).toBe(2);
    // Who comes later is given the history as well.
    const third = await given.recipient();
    const [late] = await patient.grant({ recipient: third.id, folders: [folder], ...treat });
    expect((await third.grant(late.id)).cells.map((c) => c.epoch)).toEqual([1, 2]);
  });

  test('the opening that uses a grant up marks its cells, too', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)], {}, { openings: 1 });
    await recipient.open(grant, records);
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'exhausted'));
    expect((await patient.file(folder, bytesOf(6), {})).epoch).toBe(2);
  });

  test('what a recipient gives back ends at once, by its own word, and its cells are closed', async () => {
    const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(5)]);
    expect(await recipient.giveBack(grant)).toMatchObject({ id: grant.id, state: 'revoked' });
    await expect(recipient.open(grant, records)).rejects.toEqual(refused('grant-ended', 'revoked'));
    expect(await recipient.giveBack(grant, 'other')).toMatchObject({ state: 'revoked' });
    const told = (await patient.audit()).filter((e) => e.kind === 'grant-returned');
    expect(told).toMatchObject([{ actor: recipient.id, subject: { grant: grant.id } }]);
    await expect(patient.resume({ ...grant, holds: 0 })).rejects.toEqual(refused('grant-ended', 'revoked'));
    expect((await patient.file(folder, bytesOf(6), {})).epoch).toBe(2);
  });

  test('a new receiving key is what is asked with from then on; what the last one was given stays, until it is given back', async () => {
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

  test('a request is withdrawn', async () => {
    const { patient, recipient, folder } = await given.folder([]);
    const asked = await when.asks({ patient, recipient, folder });
    await recipient.withdraw(asked);
    expect((await recipient.listRequests('withdrawn')).map((r) => r.id)).toEqual([asked.id]);
    await expect(patient.approve(asked, { unverifiedRecipient: true })).rejects.toEqual(refused('request-closed'));
  });
});

test('the trail answers who opened what, when, for what purpose; goes on from where it stopped; and is signed at its end', async () => {
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
