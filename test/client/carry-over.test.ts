// a service makes the patient's client hand the key of a cell to somebody whom the patient never let into that folder, or no longer does.
import { describe, expect, test } from '@jest/globals';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { createPatient, type Grant } from '../../lib/client/index.ts';
import { json } from './prepared-answers.ts';
import { asked, DAY, granted, people } from './main-job-story.ts';
import { refusal } from './clients.ts';

const viewOf = ({ statement }: Pick<Grant, 'statement'>) => ({
  statement: statement.jws,
  state: 'active',
  used: 0,
  extensions: 0,
  tip: statement.hash,
  holds: 0,
});

type Sent = Awaited<ReturnType<typeof people>>['sent'];
const extensionsIn = (sent: Sent): number =>
  sent
    .filter(({ method }) => method !== 'GET')
    .filter(({ url }) => url.pathname.startsWith('/v1/folders/') || url.pathname.endsWith('/extensions'))
    .filter(({ body, url }) => url.pathname.endsWith('/extensions') || fromUtf8(body).includes('"extensions"')).length;

describe('a live grant that does not read the folder', () => {
  test('to read another folder: is not carried into this one, though the service lists it for the cell', async () => {
    const { patient, grant, service, sent } = await granted();
    const secret = await patient.createFolder({ name: 'Psychiatry', category: 'letters' });
    service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(grant)] } : undefined);
    sent.length = 0;
    await refusal(() => patient.startEpoch(secret.id));
    expect(extensionsIn(sent)).toBe(0);
  });

  test('to read another folder: is given no cell of this one by carryOver', async () => {
    const { patient, grant, service, sent } = await granted();
    const secret = await patient.createFolder({ name: 'Psychiatry', category: 'letters' });
    await patient.startEpoch(secret.id);
    let asking = 0;
    // Named for one of the two cells, so that the other one seems to be missing.
    service.state.lie = (route) =>
      route === 'list-cell-grants' ? { grants: asking++ % 2 === 0 ? [viewOf(grant)] : [] } : undefined;
    sent.length = 0;
    await refusal(() => patient.carryOver(secret.id));
    expect(extensionsIn(sent)).toBe(0);
  });

  test('to add only: is not given the key of a new epoch', async () => {
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

test('a grant that the patient revokes while the service is slow to answer is not carried', async () => {
  const world = await granted();
  const { grant, first, service, sent, optionsOf } = world;
  service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(grant)] } : undefined);
  const options = optionsOf('patient');
  let come = (): void => undefined;
  let release = (): void => undefined;
  const came = new Promise<void>((resolve) => (come = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const patient = createPatient({
    ...options,
    fetch: async (input, init) => {
      const response = await options.fetch!(input, init);
      if ((input as URL).search.includes('state=standing')) {
        come();
        await released;
      }
      return response;
    },
  });
  sent.length = 0;
  const epoch = refusal(() => patient.startEpoch(first.id));
  await came;
  await patient.revoke(grant);
  release();
  await epoch;
  expect(extensionsIn(sent)).toBe(0);
});

test('a grant whose openings are used up by the own verified trail is not carried, though the service says that it goes on', async () => {
  const all = await people();
  const { patient, clinician, service, sent } = all;
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const record = await patient.file(folder.id, new Uint8Array(1), {});
  const [given] = await patient.approve(await asked(all, [folder.id]), { unverifiedRecipient: true, openings: 1 });
  await clinician.open(await clinician.grant(given.id, patient.id), [record]);
  expect((await patient.audit()).filter((e) => e.kind === 'records-opened')).toHaveLength(1);
  service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [viewOf(given)] } : undefined);
  sent.length = 0;
  await refusal(() => patient.startEpoch(folder.id));
  expect(extensionsIn(sent)).toBe(0);
});

test('a cell that a revoked grant was given by an extension is closed, though the service leaves the extension out', async () => {
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
  service.state.tell = ({ kind, subject }) =>
    kind === 'folder-created' ? { ...subject, grants: [grant.id] } : undefined;
  const urine = await patient.createFolder({ name: 'Urine', category: 'laboratory' });
  service.state.before = () => undefined;
  service.state.tell = () => undefined;
  // The own trail says that the grant was given this cell.
  expect((await patient.audit()).at(-1)).toMatchObject({ subject: { folder: urine.id, grants: [grant.id] } });
  await patient.revoke(grant);
  const outcome = await refusal(() => patient.file(urine.id, new Uint8Array(1), {}));
  // Either it is refused, or the record went into a new cell.
  expect([outcome, service.folders.get(urine.id)!.at(-1)!.payload.epoch]).not.toEqual(['accepted', 1]);
});
