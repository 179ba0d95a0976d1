// Tests the grants that the patient's client shows: they come from the chain of statements, whatever the service lists.
import { describe, expect, test } from '@jest/globals';
import { refusing } from '../support/lying-fetch.ts';
import { refusal } from './clients.ts';
import { once, people } from './people.ts';

describe('the grants of the patient', () => {
  test('include one that the service leaves out, in every list where it belongs', async () => {
    const { state, patient, give } = await people();
    const [active, paused, revoked] = [await give(), await give(), await give()];
    await patient.pause(paused);
    await patient.revoke(revoked);
    state.lie = (route) => (route === 'list-grants' ? { status: 200, body: { grants: [] } } : undefined);
    const listed = async (list?: Parameters<typeof patient.listGrants>[0]) =>
      (await patient.listGrants(list)).map((g) => g.id);
    expect(await listed()).toEqual([active.id, paused.id, revoked.id]);
    expect(await listed('active')).toEqual([active.id]);
    expect(await listed('paused')).toEqual([paused.id]);
    expect(await listed('revoked')).toEqual([revoked.id]);
    expect(await listed('expired')).toEqual([]);
  });

  test.each([
    ['active', 'revoked'],
    ['paused', 'revoked'],
    ['expired', 'revoked'],
  ])('are not %s because the service says so if the patient revoked them', async (said, signed) => {
    const { state, patient, give } = await people();
    const grant = await give();
    await patient.revoke(grant);
    const change = (view: object) => ({ ...view, state: said, holds: 7, extensions: 7 });
    state.lie = (route, { status, body }) => {
      if (route === 'list-grants') return { status, body: { grants: body.grants.map(change) } };
      return route === 'get-grant' ? { status, body: change(body) } : undefined;
    };
    const expected = expect.objectContaining({ state: signed, holds: 0, extensions: 0 });
    expect(await patient.listGrants()).toEqual([expected]);
    expect(await patient.listGrants(said as 'active')).toEqual([]);
    expect(await patient.getGrant(grant.id)).toEqual(expected);
  });

  test.each([
    ['active', 1, 'paused'],
    ['paused', 0, 'active'],
    ['not-begun', 0, 'not-begun'],
    ['exhausted', 1, 'exhausted'],
  ] as const)('that are %s by the service, after %i pauses, are %s', async (said, pauses, shown) => {
    const { state, patient, give } = await people();
    const grant = await give();
    if (pauses === 1) await patient.pause(grant);
    state.lie = (route, { status, body }) =>
      route === 'get-grant' ? { status, body: { ...body, state: said } } : undefined;
    expect((await patient.getGrant(grant.id)).state).toBe(shown);
  });

  test('do not include one that the patient did not give here', async () => {
    const { state, patient, give } = await people();
    const foreign = await people();
    const other = await foreign.give();
    await give();
    state.lie = (route, { status, body }) =>
      route === 'list-grants'
        ? { status, body: { grants: [...body.grants, { ...body.grants[0], statement: other.statement.jws }] } }
        : undefined;
    expect(await refusal(() => patient.listGrants())).toBe('unverified grant');
    const view = { statement: other.statement.jws, state: 'active', used: 0, extensions: 0, tip: other.tip, holds: 0 };
    const cells = [{ folder: foreign.folder.statement.jws }];
    state.lie = (route) => (route === 'get-grant' ? { status: 200, body: { ...view, cells } } : undefined);
    expect(await refusal(() => patient.getGrant(other.id))).toBe('unverified grant');
  });

  test('have every cell that the chain names', async () => {
    const { state, patient, folder, give } = await people();
    const grant = await give();
    await patient.startEpoch(folder.id);
    state.lie = (route, { status, body }) =>
      route === 'get-grant' ? { status, body: { ...body, cells: body.cells.slice(0, 1) } } : undefined;
    expect((await patient.getGrant(grant.id)).cells.map((c) => c.epoch)).toEqual([1, 2]);
  });

  test('are refused if the service answers with another one', async () => {
    const { state, patient, give } = await people();
    const [grant, other] = [await give(), await give()];
    state.lie = (route, { status, body }) =>
      route === 'get-grant' ? { status, body: { ...body, statement: other.statement.jws } } : undefined;
    expect(await refusal(() => patient.getGrant(grant.id))).toBe('unverified grant');
  });

  test.each(['getGrant', 'listGrants'] as const)('are refused by %s if the service denies one', async (call) => {
    const { state, patient, give } = await people();
    const grant = await give();
    state.lie = (route) => {
      if (route === 'list-grants') return { status: 200, body: { grants: [] } };
      return route === 'get-grant' ? refusing(404, 'not-found') : undefined;
    };
    const called = () => (call === 'getGrant' ? patient.getGrant(grant.id) : patient.listGrants());
    expect(await refusal(called)).toBe('rolled-back grant');
  });

  test('are also those that another device gave while the list was read', async () => {
    const { patient, give, device } = await people();
    const listing = device({ before: once('list-grants', give) });
    expect(await listing.listGrants()).toHaveLength(1);
    expect(patient.id).toBe(listing.id);
  });
});
