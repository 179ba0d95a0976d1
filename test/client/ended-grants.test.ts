// Tests that a grant that has ended stays ended, whatever the service says: the patient's client relies on the patient's statements and its own clock.
import { describe, expect, test } from '@jest/globals';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { CellsOpenError, createPatient, importMemory } from '../../lib/client/index.ts';
import { KEYS } from './clients.ts';
import { problem } from './prepared-answers.ts';
import { DAY, granted, pendingRequest } from './main-job-story.ts';

const setUp = async () => {
  const story = await granted();
  const { service, sent, grant } = story;
  const statement = grant.statement.jws;
  const view = { statement, state: 'active', used: 0, extensions: 0, tip: grant.statement.hash, holds: 0 };
  return {
    ...story,
    /** Makes the service say that the grant is active, and that no cell needs to be closed. */
    denyEnd: () => {
      service.state.lie = (route) => (route === 'list-cell-grants' ? { grants: [view] } : undefined);
    },
    carried: () =>
      sent
        .filter(({ method, url }) => method === 'PUT' && url.pathname.startsWith('/v1/folders/'))
        .filter(({ body }) => fromUtf8(body).includes('"extensions"')).length,
    epochOf: (id: string) => service.folders.get(id)!.at(-1)!.payload.epoch,
  };
};

describe('a grant that the patient revoked', () => {
  test('is not carried into a new epoch', async () => {
    const { patient, grant, first, denyEnd, carried } = await setUp();
    denyEnd();
    await patient.startEpoch(first.id);
    expect(carried()).toBe(1);
    await patient.revoke(grant);
    await patient.startEpoch(first.id);
    expect(carried()).toBe(1);
    expect(await patient.outstanding(first.id)).toEqual([]);
  });

  test('is not carried over if the service did not accept the revocation', async () => {
    const { patient, grant, first, carried, service } = await setUp();
    service.state.before = (route) => (route === 'revoke-grant' ? problem(409, 'request-closed') : undefined);
    await expect(patient.revoke(grant)).rejects.toMatchObject({ code: 'request-closed' });
    await patient.startEpoch(first.id);
    expect(carried()).toBe(0);
  });

  test('is not carried over by a client that imports the memory of this one', async () => {
    const { patient, grant, first, denyEnd, carried, optionsOf } = await setUp();
    await patient.revoke(grant);
    denyEnd();
    const memory = importMemory(patient.id, JSON.parse(JSON.stringify(patient.memory.export())));
    await createPatient(optionsOf('patient', { memory })).startEpoch(first.id);
    expect(carried()).toBe(0);
  });

  test('is not carried over by a client that has read the revocation in the trail', async () => {
    const { patient, grant, first, denyEnd, carried, optionsOf } = await setUp();
    await patient.revoke(grant);
    denyEnd();
    const other = createPatient(optionsOf('patient'));
    await other.audit();
    await other.startEpoch(first.id);
    expect(carried()).toBe(0);
  });

  test('its cells are closed before the next record is filed, although the service names none', async () => {
    const { patient, grant, first, second, epochOf, service } = await setUp();
    await patient.revoke(grant);
    const { calls } = service;
    await patient.file(first.id, new Uint8Array(1), {});
    expect([epochOf(first.id), epochOf(second.id)]).toEqual([2, 2]);
    calls.length = 0;
    await patient.file(first.id, new Uint8Array(1), {});
    expect(epochOf(first.id)).toBe(2);
    expect(calls).not.toContain('settle-grant');
  });

  test.each(['grant', 'approve'] as const)(
    'its cells are closed before the patient grants access by %s',
    async (act) => {
      const all = await setUp();
      const { patient, clinician, grant, first, second, epochOf } = all;
      const request = await pendingRequest(all, [first.id]);
      await patient.revoke(grant);
      const terms = { recipient: clinician.id, folders: [first.id], purpose: 'TREAT', durationSeconds: DAY } as const;
      await (act === 'grant' ? patient.grant(terms) : patient.approve(request, { unverifiedRecipient: true }));
      expect([epochOf(first.id), epochOf(second.id)]).toEqual([2, 2]);
    },
  );
});

describe('a folder whose cell cannot be closed', () => {
  const ended = async () => {
    const all = await setUp();
    const { patient, grant, first, service } = all;
    await patient.revoke(grant);
    const isFirst = (url: URL): boolean => url.pathname === `/v1/folders/${first.id}`;
    service.state.before = (_, { method, url }) =>
      method === 'PUT' && isFirst(url) ? problem(409, 'statement-outdated') : undefined;
    return all;
  };
  const openOf = (id: string) => ({
    code: 'cells-open',
    cause: { code: 'statement-outdated' },
    folders: [{ folder: id, error: { code: 'statement-outdated' } }],
  });
  const terms = { recipient: KEYS.clinician.id, purpose: 'TREAT', durationSeconds: 60 } as const;

  test('does not keep the others open, and is named', async () => {
    const { patient, first, second, epochOf, service } = await ended();
    await expect(patient.settle()).rejects.toMatchObject(openOf(first.id));
    await expect(patient.settle()).rejects.toBeInstanceOf(CellsOpenError);
    expect([epochOf(first.id), epochOf(second.id)]).toEqual([1, 2]);
    service.state.before = () => undefined;
    await patient.settle();
    expect([epochOf(first.id), epochOf(second.id)]).toEqual([2, 2]);
  });

  test('gets no record and is granted to nobody', async () => {
    const all = await ended();
    const { patient, first, records, service } = all;
    const request = await pendingRequest(all, [first.id]);
    const sent = service.calls.length;
    const acts = [
      () => patient.file(first.id, new Uint8Array(1), {}),
      () => patient.fileVersion(records[0]!, new Uint8Array(1), {}),
      () => patient.grant({ ...terms, folders: [first.id] }),
      () => patient.grant({ ...terms, everything: true }),
      () => patient.approve(request, { unverifiedRecipient: true }),
    ];
    for (const act of acts) await expect(act()).rejects.toMatchObject(openOf(first.id));
    const writes = ['begin-upload', 'commit-record', 'grant-access', 'approve-request'];
    expect(service.calls.slice(sent).filter((route) => writes.includes(route))).toEqual([]);
  });

  test('does not keep the patient from filing into other folders, granting them, and making new ones', async () => {
    const { patient, first, second, records, epochOf } = await ended();
    const filed = await patient.file(second.id, new Uint8Array(1), {});
    expect([filed.folder, filed.epoch]).toEqual([second.id, 2]);
    expect(await patient.fileVersion(records[2]!, new Uint8Array(1), {})).toMatchObject({ epoch: 2 });
    const [given] = await patient.grant({ ...terms, folders: [second.id] });
    expect(given.folders).toEqual([second.id]);
    await patient.createFolder({ name: 'Urine', category: 'laboratory' });
    expect(epochOf(first.id)).toBe(1);
  });

  test('stops the act if the service is busy, because that concerns no folder alone', async () => {
    const { patient, second, service } = await ended();
    service.state.before = (route) => (route === 'create-folder' ? problem(503, 'busy') : undefined);
    await expect(patient.file(second.id, new Uint8Array(1), {})).rejects.toMatchObject({ code: 'busy' });
  });
});

test('a grant that has expired by the device’s own clock is not carried into a new epoch', async () => {
  const { patient, grant, first, denyEnd, carried, clock, sleep } = await setUp();
  denyEnd();
  await sleep(grant.expires - clock() - 1);
  await patient.startEpoch(first.id);
  expect(carried()).toBe(1);
  await sleep(1);
  await patient.startEpoch(first.id);
  expect(carried()).toBe(1);
});
