// Tests the main job over HTTP: filing, request, approval or denial, opening, revocation and deletion.
import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { callGetRecord } from '../raw-calls.ts';
import { API_URL, bytesOf, DAY_SECONDS, given, newPerson, patientOf, recipientOf, then, when } from './people.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a recipient requests access, the patient approves, and the recipient opens the records', async () => {
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

test('refuses a stranger who has the same ids, and the recipient after the revocation', async () => {
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
  // A second revocation changes nothing.
  await expect(patient.revoke(grant)).resolves.toMatchObject({ state: 'revoked' });
  expect((await patient.audit()).filter((e) => e.kind === 'grant-revoked')).toHaveLength(1);
});

test('a denied request creates no grant and cannot be approved later', async () => {
  const parties = await given.folder([bytesOf(10)]);
  await when.asks(parties);
  const [asked] = await parties.patient.listRequests('pending');
  await parties.patient.deny(asked!);
  await expect(parties.patient.approve(asked!, { unverifiedRecipient: true })).rejects.toMatchObject({
    code: 'request-closed',
  });
  expect(await parties.recipient.listRequests('denied')).toHaveLength(1);
  expect(await parties.recipient.listGrants()).toHaveLength(0);
});

test('a patient can grant less than was requested, and not more', async () => {
  const parties = await given.folder([bytesOf(10)]);
  const other = await parties.patient.createFolder({ name: 'Genetics', category: 'laboratory' });
  const request = await parties.recipient.request({
    patient: parties.patient.id,
    folders: [parties.folder, other.id],
    purpose: 'TREAT',
    durationSeconds: DAY_SECONDS,
  });
  const asked = (await parties.patient.listRequests('pending')).find((r) => r.id === request.id)!;
  await expect(
    parties.patient.approve(asked, { durationSeconds: 2 * DAY_SECONDS, unverifiedRecipient: true }),
  ).rejects.toMatchObject({
    code: 'exceeds-request',
  });
  const [answered] = await parties.patient.approve(asked, {
    folders: [parties.folder],
    durationSeconds: 60,
    unverifiedRecipient: true,
  });
  const { id } = answered;
  const grant = await parties.recipient.grant(id, parties.patient.id);
  expect(grant.folders).toEqual([parties.folder]);
  await expect(parties.recipient.listRecords(grant, other.id)).rejects.toMatchObject({ code: 'not-found' });
});

test('a grant with a maximum of openings counts records, and refuses a batch that exceeds it as a whole', async () => {
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

test('the patient opens its own records, and its trail has the event', async () => {
  const content = bytesOf(70_000);
  const { patient, records } = await given.folder([content]);
  const [opened] = await patient.open(records);
  expect(opened!.safeName).toBe('record 0');
  expect(opened!.metadata.length).toBe(70_000);
  const trail = await patient.audit();
  expect(trail.at(-1)).toMatchObject({ kind: 'records-opened', actor: patient.id });
});

test('nobody can open a deleted record, and deleting it again succeeds', async () => {
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

test('a patient can grant without a request, and list its grants', async () => {
  const { patient, recipient, folder, records } = await given.folder([bytesOf(33)]);
  const [granted] = await patient.grant({
    recipient: recipient.id,
    folders: [folder],
    purpose: 'FAMRQT',
    durationSeconds: 60,
  });
  const { id } = granted;
  const grant = await recipient.grant(id, patient.id);
  const [opened] = await then.opens(recipient, grant, records);
  expect(opened).toHaveLength(33);
  expect((await patient.listGrants('active')).map((g) => g.id)).toEqual([id]);
  expect((await recipient.listGrants()).map((g) => g.used)).toEqual([1]);
});

test('get-record shows the versions of a record to the patient', async () => {
  const answer = await callGetRecord({ origin: API_URL, fetch });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ versions: [{ state: 'committed' }] });
});

test('answers not-registered to an identity that is not registered', async () => {
  await expect(patientOf(newPerson()).listRequests()).rejects.toMatchObject({ code: 'not-registered' });
  await expect(recipientOf(newPerson()).listGrants()).rejects.toMatchObject({ code: 'not-registered' });
});
