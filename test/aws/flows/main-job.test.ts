import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { getRecord } from '../raw-calls.ts';
import { API_URL, bytesOf, DAY_SECONDS, given, newPerson, patientOf, recipientOf, then, when } from './people.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a clinician asks, the patient approves, the clinician opens what was filed', async () => {
  const contents = [bytesOf(1024), new TextEncoder().encode('Hb 14.2 g/dl'), new Uint8Array(0)];
  const { patient, recipient, folder, records, grant } = await given.grant(contents);

  const listed = await recipient.listRecords(grant, folder);
  expect(listed.map((r) => r.record).sort()).toEqual(records.map((r) => r.record).sort());
  const opened = await then.opens(recipient, grant, records);
  expect(opened.map(sha256)).toEqual(contents.map(sha256));

  const trail = await patient.audit();
  expect(trail.map((e) => e.kind)).toEqual([
    'registered',
    'folder-created',
    'record-filed',
    'record-filed',
    'record-filed',
    'access-requested',
    'access-granted',
    'records-opened',
  ]);
  expect(trail.at(-1)).toMatchObject({ actor: recipient.id, subject: { grant: grant.id } });
});

test('a stranger is refused with the very same ids, and so is the clinician after revocation', async () => {
  const { patient, recipient, records, grant } = await given.grant([bytesOf(100)]);
  const stranger = await given.recipient();
  await expect(stranger.open(grant, records)).rejects.toMatchObject({ code: 'not-found' });
  await expect(stranger.grant(grant.id)).rejects.toMatchObject({ code: 'not-found' });

  await expect(patient.revoke(grant)).resolves.toMatchObject({ state: 'revoked' });
  await expect(recipient.open(grant, records)).rejects.toMatchObject({
    code: 'grant-ended',
    details: { reason: 'revoked' },
  });
  await expect(recipient.listRecords(grant, records[0]!.folder)).rejects.toMatchObject({ code: 'grant-ended' });
  // Revoking again changes nothing.
  await expect(patient.revoke(grant)).resolves.toMatchObject({ state: 'revoked' });
  expect((await patient.audit()).filter((e) => e.kind === 'grant-revoked')).toHaveLength(1);
});

test('a denied request gives nothing and cannot be approved later', async () => {
  const story = await given.folder([bytesOf(10)]);
  await when.asks(story);
  const [asked] = await story.patient.listRequests('pending');
  await story.patient.deny(asked!);
  await expect(story.patient.approve(asked!, { unverifiedRecipient: true })).rejects.toMatchObject({
    code: 'request-closed',
  });
  expect(await story.recipient.listRequests('denied')).toHaveLength(1);
  expect(await story.recipient.listGrants()).toHaveLength(0);
});

test('a patient may grant less than was asked, never more', async () => {
  const story = await given.folder([bytesOf(10)]);
  const other = await story.patient.createFolder({ name: 'Genetics', category: 'laboratory' });
  const request = await story.recipient.request({
    patient: story.patient.id,
    folders: [story.folder, other.id],
    purpose: 'TREAT',
    durationSeconds: DAY_SECONDS,
  });
  const asked = (await story.patient.listRequests('pending')).find((r) => r.id === request.id)!;
  await expect(
    story.patient.approve(asked, { durationSeconds: 2 * DAY_SECONDS, unverifiedRecipient: true }),
  ).rejects.toMatchObject({
    code: 'exceeds-request',
  });
  const [answered] = await story.patient.approve(asked, {
    folders: [story.folder],
    durationSeconds: 60,
    unverifiedRecipient: true,
  });
  const { id } = answered;
  const grant = await story.recipient.grant(id, story.patient.id);
  expect(grant.folders).toEqual([story.folder]);
  await expect(story.recipient.listRecords(grant, other.id)).rejects.toMatchObject({ code: 'not-found' });
});

test('a grant for a number of openings is used up, counting records, all or none', async () => {
  const { recipient, records, grant } = await given.grant([bytesOf(10), bytesOf(20)], {}, { openings: 3 });
  await then.opens(recipient, grant, records);
  await expect(recipient.open(grant, records)).rejects.toMatchObject({
    code: 'grant-ended',
    details: { reason: 'exhausted' },
  });
  await then.opens(recipient, grant, [records[0]!]);
  await expect(recipient.open(grant, [records[0]!])).rejects.toMatchObject({ details: { reason: 'exhausted' } });
  expect((await recipient.grant(grant.id)).used).toBe(3);
});

test('the patient opens its own records, which stands in its trail', async () => {
  const content = bytesOf(70_000);
  const { patient, records } = await given.folder([content]);
  const [opened] = await patient.open(records);
  expect(opened!.metadata).toMatchObject({ fileName: 'record 0', length: 70_000 });
  const trail = await patient.audit();
  expect(trail.at(-1)).toMatchObject({ kind: 'records-opened', actor: patient.id });
});

test('a deleted record is gone for everybody, its statement stays', async () => {
  const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(10), bytesOf(20)]);
  await patient.deleteRecord(records[0]!);
  await expect(recipient.open(grant, [records[0]!])).rejects.toMatchObject({
    code: 'not-found',
    details: { ids: [records[0]!.record] },
  });
  await expect(patient.open([records[0]!])).rejects.toMatchObject({ code: 'not-found' });
  expect((await recipient.listRecords(grant, folder)).map((r) => r.record)).toEqual([records[1]!.record]);
  await expect(patient.deleteRecord(records[0]!)).resolves.toBeUndefined();
});

test('a patient may grant without being asked, and list what it gave', async () => {
  const { patient, recipient, folder, records } = await given.folder([bytesOf(33)]);
  const [gift] = await patient.grant({
    recipient: recipient.id,
    folders: [folder],
    purpose: 'FAMRQT',
    durationSeconds: 60,
  });
  const { id } = gift;
  const grant = await recipient.grant(id, patient.id);
  const [opened] = await then.opens(recipient, grant, records);
  expect(opened).toHaveLength(33);
  expect((await patient.listGrants('active')).map((g) => g.id)).toEqual([id]);
  expect((await recipient.listGrants()).map((g) => g.used)).toEqual([1]);
});

test('the versions of a record are shown to the patient', async () => {
  const answer = await getRecord({ origin: API_URL, fetch });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ versions: [{ state: 'committed' }] });
});

test('who is not registered is told so', async () => {
  await expect(patientOf(newPerson()).listFolders()).rejects.toMatchObject({ code: 'not-registered' });
  await expect(recipientOf(newPerson()).listGrants()).rejects.toMatchObject({ code: 'not-registered' });
});
