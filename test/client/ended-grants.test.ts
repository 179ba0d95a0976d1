// A grant that ended stays ended, whatever the service says of it: the patient's client goes by what the patient signed, and by its own clock.
import { describe, expect, test } from '@jest/globals';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { createPatient, importMemory } from '../../lib/client/index.ts';
import { problem } from './prepared-answers.ts';
import { granted } from './main-job-story.ts';

const over = async () => {
  const story = await granted();
  const { service, sent, grant } = story;
  const statement = grant.statement.jws;
  const view = { statement, state: 'active', used: 0, extensions: 0, tip: grant.statement.hash, holds: 0 };
  return {
    ...story,
    /** The service says that the grant goes on, and that nothing is to be closed. */
    deny: () => {
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
    const { patient, grant, first, deny, carried } = await over();
    deny();
    await patient.startEpoch(first.id);
    expect(carried()).toBe(1);
    await patient.revoke(grant);
    await patient.startEpoch(first.id);
    expect(carried()).toBe(1);
    expect(await patient.outstanding(first.id)).toEqual([]);
  });

  test('nor by a client that goes on from the memory of this one', async () => {
    const { patient, grant, first, deny, carried, optionsOf } = await over();
    await patient.revoke(grant);
    deny();
    const memory = importMemory(patient.id, JSON.parse(JSON.stringify(patient.memory.export())));
    await createPatient(optionsOf('patient', { memory })).startEpoch(first.id);
    expect(carried()).toBe(0);
  });

  test('nor by a client that read of the revocation in the trail', async () => {
    const { patient, grant, first, deny, carried, optionsOf } = await over();
    await patient.revoke(grant);
    deny();
    const other = createPatient(optionsOf('patient'));
    await other.audit();
    await other.startEpoch(first.id);
    expect(carried()).toBe(0);
  });

  test('leaves nothing open: its cells are closed before anything is filed, though the service names none', async () => {
    const { patient, grant, first, second, epochOf, service } = await over();
    await patient.revoke(grant);
    const { calls } = service;
    await patient.file(first.id, new Uint8Array(1), {});
    expect([epochOf(first.id), epochOf(second.id)]).toEqual([2, 2]);
    calls.length = 0;
    await patient.file(first.id, new Uint8Array(1), {});
    expect(epochOf(first.id)).toBe(2);
    expect(calls).not.toContain('settle-grant');
  });
});

test('a cell that cannot be closed keeps no other open, and is named', async () => {
  const { patient, grant, first, second, epochOf, service } = await over();
  await patient.revoke(grant);
  const isFirst = (url: URL): boolean => url.pathname === `/v1/folders/${first.id}`;
  service.state.before = (_, { method, url }) =>
    method === 'PUT' && isFirst(url) ? problem(409, 'statement-outdated') : undefined;
  await expect(patient.settle()).rejects.toMatchObject({ code: 'statement-outdated' });
  expect([epochOf(first.id), epochOf(second.id)]).toEqual([1, 2]);
  service.state.before = () => undefined;
  await patient.settle();
  expect([epochOf(first.id), epochOf(second.id)]).toEqual([2, 2]);
});

test('a grant that has expired by the own clock is not carried into a new epoch', async () => {
  const { patient, grant, first, deny, carried, clock, sleep } = await over();
  deny();
  await sleep(grant.expires - clock() - 1);
  await patient.startEpoch(first.id);
  expect(carried()).toBe(1);
  await sleep(1);
  await patient.startEpoch(first.id);
  expect(carried()).toBe(1);
});
