// Tests that a service cannot make the patient's client give the key of a cell to a recipient without a live grant to read that folder.
import { describe, expect, test } from '@jest/globals';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { createPatient, type Grant } from '../../lib/client/index.ts';
import { json } from './prepared-answers.ts';
import { pendingRequest, DAY, granted, people } from './main-job-story.ts';
import { refusal } from './clients.ts';

const viewOf = ({ statement }: Pick<Grant, 'statement'>) => ({
  statement: statement.jws,
  state: 'active',
  used: 0,
  extensions: 0,
  tip: statement.hash,
  holds: 0,
});

type SentRequests = Awaited<ReturnType<typeof people>>['sent'];
const extensionsIn = (sent: SentRequests): number =>
  sent
    .filter(({ method }) => method !== 'GET')
    .filter(({ url }) => url.pathname.startsWith('/v1/folders/') || url.pathname.endsWith('/extensions'))
    .filter(({ body, url }) => url.pathname.endsWith('/extensions') || fromUtf8(body).includes('"extensions"')).length;

describe('a live grant that does not cover reading the folder', () => {
  test('to read another folder: the client does not carry it over, although the service lists it for the cell', async () => {
    const { patient, grant, service, sent } = await granted();
    const secret = await patient.createFolder({ name: 'Psychiatry', category: 'letters' });
    service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(grant)] } : undefined);
    sent.length = 0;
    await refusal(() => patient.startEpoch(secret.id));
    expect(extensionsIn(sent)).toBe(0);
  });

  test('to read another folder: carryOver gives it no cell of this folder', async () => {
    const { patient, grant, service, sent } = await granted();
    const secret = await patient.createFolder({ name: 'Psychiatry', category: 'letters' });
    await patient.startEpoch(secret.id);
    let calls = 0;
    // The service lists the grant for one of the two cells only, so that the other cell seems to be missing.
    service.state.lie = (route) =>
      route === 'list-cell-grants' ? { grants: calls++ % 2 === 0 ? [viewOf(grant)] : [] } : undefined;
    sent.length = 0;
    await refusal(() => patient.carryOver(secret.id));
    expect(extensionsIn(sent)).toBe(0);
  });

  test('to add only: does not get the key of a new epoch', async () => {
    const all = await people();
    const { patient, clinician, service, sent } = all;
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    const [add] = await patient.grant({
      recipient: clinician.id,
      right: 'add',
      folders: [folder.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(add)] } : undefined);
    sent.length = 0;
    await refusal(() => patient.startEpoch(folder.id));
    expect(extensionsIn(sent)).toBe(0);
  });
});

test('does not carry over a grant that the patient revokes while the service answers slowly', async () => {
  const all = await granted();
  const { grant, first, service, sent, optionsOf } = all;
  service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(grant)] } : undefined);
  const options = optionsOf('patient');
  let signalArrival = (): void => undefined;
  let release = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (signalArrival = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const patient = createPatient({
    ...options,
    fetch: async (input, init) => {
      const response = await options.fetch!(input, init);
      if ((input as URL).search.includes('state=standing')) {
        signalArrival();
        await released;
      }
      return response;
    },
  });
  sent.length = 0;
  const epoch = refusal(() => patient.startEpoch(first.id));
  await arrived;
  // The caller revokes the grant while the act that starts the epoch still runs. The client knows of the revocation before it is sent.
  const revoked = patient.revoke(grant);
  release();
  await Promise.all([epoch, revoked]);
  expect(extensionsIn(sent)).toBe(0);
});

test('does not carry over a grant whose openings are used up in the verified trail, although the service calls it active', async () => {
  const all = await people();
  const { patient, clinician, service, sent } = all;
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const record = await patient.file(folder.id, new Uint8Array(1), {});
  const [grant] = await patient.approve(await pendingRequest(all, [folder.id]), {
    unverifiedRecipient: true,
    openings: 1,
  });
  await clinician.open(await clinician.grant(grant.id, patient.id), [record]);
  expect((await patient.audit()).filter((e) => e.kind === 'records-opened')).toHaveLength(1);
  service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(grant)] } : undefined);
  sent.length = 0;
  await refusal(() => patient.startEpoch(folder.id));
  expect(extensionsIn(sent)).toBe(0);
});

test('closes a cell that a revoked grant got by an extension, although the service omits the extension', async () => {
  const all = await people();
  const { patient, clinician, service } = all;
  await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const [grant] = await patient.grant({
    recipient: clinician.id,
    categories: ['laboratory'],
    standing: true,
    purpose: 'TREAT',
    durationSeconds: DAY,
  });
  service.state.before = (route, { url }) =>
    route === 'list-grants' && url.searchParams.get('state') === 'standing'
      ? json(200, { grants: [viewOf(grant)] })
      : undefined;
  service.state.falseSubject = ({ kind, subject }) =>
    kind === 'folder-created' ? { ...subject, grants: [grant.id] } : undefined;
  const urine = await patient.createFolder({ name: 'Urine', category: 'laboratory' });
  service.state.before = () => undefined;
  service.state.falseSubject = () => undefined;
  // The patient's own trail says that the grant got this cell.
  expect((await patient.audit()).at(-1)).toMatchObject({ subject: { folder: urine.id, grants: [grant.id] } });
  await patient.revoke(grant);
  const outcome = await refusal(() => patient.file(urine.id, new Uint8Array(1), {}));
  // The client refuses to file, or it files the record in a new cell.
  expect([outcome, service.folders.get(urine.id)!.at(-1)!.payload.epoch]).not.toEqual(['accepted', 1]);
});
