// Tests the use cases pause-grant, resume-grant and settle-grant.
import { describe, expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { REPEAT_WINDOW } from '../../lib/domain/opening.ts';
import { DAY, SECOND } from '../../lib/domain/time.ts';
import { hashOfLabel } from '../support/wraps.ts';
import {
  b64,
  epochAfter,
  folderOf,
  grantOf,
  nobody,
  NOW,
  openingOf,
  patient,
  recipient,
  stranger,
  type Person,
  type SignedGrant,
} from './people.ts';
import {
  clinic,
  interrupted,
  lastEvent,
  putFolder,
  readOnly,
  refused,
  send,
  unchanged,
  type Clinic,
} from './clinic.ts';
import { NOT_FOUND, NOT_REGISTERED, folderId, hold, holdOf, idOf, invalid, makeGrant, revoke } from './grant-calls.ts';

describe('pause-grant and resume-grant', () => {
  test('pause and resume the grant, each with an event', async () => {
    const w = await clinic();
    expect(await hold(w, 'pause', w.grant)).toMatchObject({ state: 'paused', holds: 1 });
    expect(lastEvent(w, patient)).toMatchObject({ kind: 'grant-paused', subject: { grant: idOf(w.grant) } });
    const filter = { as: 'recipient', state: 'paused' } as const;
    expect((await send(w, 'list-grants', recipient, { query: filter })).grants).toHaveLength(1);
    expect(await unchanged(w, () => hold(w, 'pause', w.grant))).toMatchObject({ state: 'paused' });
    expect(await hold(w, 'resumption', w.grant, 2)).toMatchObject({ state: 'active', holds: 2 });
    expect(lastEvent(w, patient)).toMatchObject({ kind: 'grant-resumed' });
  });

  test('refuse a wrong number, and a state that the grant has already', async () => {
    const w = await clinic();
    const seen = { ...w, ...readOnly(w) };
    const outdated = { code: 'statement-outdated' };
    expect(await refused(w, () => hold(seen, 'pause', w.grant, 2))).toEqual(outdated);
    expect(await refused(w, () => hold(seen, 'resumption', w.grant, 1))).toEqual(outdated);
    await hold(w, 'pause', w.grant);
    expect(await refused(w, () => hold(seen, 'pause', w.grant, 2))).toEqual(outdated);
    await hold(w, 'resumption', w.grant, 2);
    expect(await refused(w, () => hold(seen, 'pause', w.grant, 1))).toEqual(outdated);
  });

  test('pause a grant that has not begun', async () => {
    const w = await clinic();
    const later = await grantOf([w.folder], { notBefore: NOW + 1 });
    await makeGrant(w, later);
    expect(await hold(w, 'pause', later)).toMatchObject({ state: 'paused', holds: 1 });
  });

  test('refuse an ended grant, another identity, another grant in the path, and another hash of the grant', async () => {
    const w = await clinic();
    const expired = { code: 'grant-ended', reason: 'expired' };
    expect(await refused(w, () => hold(w, 'pause', w.grant, 1, patient, NOW + DAY))).toEqual(expired);
    expect(await refused(w, () => hold(w, 'pause', w.grant, 1, stranger))).toEqual(NOT_FOUND);
    expect(await refused(w, () => hold(w, 'pause', w.grant, 1, nobody))).toEqual(NOT_REGISTERED);
    const { jws } = await holdOf('pause', w.grant, 1);
    const elsewhere = { params: { grantId: newId<GrantId>() }, body: { statement: jws } };
    expect(await refused(w, () => send(w, 'pause-grant', patient, elsewhere))).toEqual(invalid('grant'));
    const odd = await holdOf('pause', w.grant, 1, { of: b64(32) });
    const sent = { params: { grantId: idOf(w.grant) }, body: { statement: odd.jws } };
    expect(await refused(w, () => send(w, 'pause-grant', patient, sent))).toEqual(invalid('of'));
    await revoke(w, w.grant);
    const revoked = { code: 'grant-ended', reason: 'revoked' };
    expect(await refused(w, () => hold(w, 'pause', w.grant))).toEqual(revoked);
  });
});

describe('settle-grant', () => {
  const settle = (w: Clinic, grant: SignedGrant, by: Person = patient, now = NOW) =>
    send(w, 'settle-grant', by, { params: { grantId: idOf(grant) }, body: {}, now });
  const unsettled = async (w: Clinic, now = NOW) => {
    const query = { as: 'patient', state: 'unsettled' } as const;
    return (await send(w, 'list-grants', patient, { query, now })).grants.map((g) => g.statement);
  };

  test('removes an ended grant from the list of unsettled ones after its cells were closed', async () => {
    const w = await clinic();
    expect(await unsettled(w)).toEqual([]);
    await revoke(w, w.grant);
    expect(await unsettled(w)).toEqual([w.grant.statement.jws]);
    const open = { code: 'cells-open', ids: [folderId(w.folder)] };
    expect(await refused(w, () => settle(w, w.grant))).toEqual(open);
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect(await settle(w, w.grant)).toMatchObject({ state: 'revoked' });
    expect(await unsettled(w)).toEqual([]);
  });

  test('settles an expired grant, and refuses one that has not ended', async () => {
    const w = await clinic();
    expect(await unsettled(w, NOW + DAY - 1)).toEqual([]);
    expect(await unsettled(w, NOW + DAY)).toEqual([w.grant.statement.jws]);
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    const goesOn = { code: 'cells-open', ids: [] };
    expect(await refused(w, () => settle(w, w.grant))).toEqual(goesOn);
    await hold(w, 'pause', w.grant);
    expect(await refused(w, () => settle(w, w.grant))).toEqual(goesOn);
    expect(await settle(w, w.grant, patient, NOW + DAY)).toMatchObject({ state: 'expired' });
  });

  describe('deletes the key fragments of a grant', () => {
    const left = (w: Clinic): number => w.state.grants.get(idOf(w.grant))!.kfrags.size;

    test('that has expired, after its cells were closed', async () => {
      const w = await clinic();
      const settled = () => settle(w, w.grant, patient, NOW + DAY);
      expect(await refused(w, settled)).toEqual({ code: 'cells-open', ids: [folderId(w.folder)] });
      expect(left(w)).toBe(1);
      await putFolder(w, patient, await epochAfter(patient, w.folder));
      expect(await refused(w, () => settle(w, w.grant))).toEqual({ code: 'cells-open', ids: [] });
      expect(left(w)).toBe(1);
      await settled();
      expect(left(w)).toBe(0);
    });

    test('that is used up', async () => {
      const w = await clinic();
      const row = w.state.grants.get(idOf(w.grant))!;
      w.state.grants.set(idOf(w.grant), { ...row, status: { ...row.status, limit: 1, used: 1 } });
      await putFolder(w, patient, await epochAfter(patient, w.folder));
      expect(await settle(w, w.grant)).toMatchObject({ state: 'exhausted' });
      expect(left(w)).toBe(0);
    });

    test('that is used up only when its last opening can no longer be repeated, and lists the grant again then', async () => {
      const w = await clinic();
      const once = await grantOf([w.folder], { openings: 1 });
      await makeGrant(w, once);
      const opening = await openingOf(recipient, w.folder, [w.letter.statement], { grant: idOf(once) });
      const params = { openingId: opening.payload.opening };
      const open = (now = NOW) => send(w, 'recapsulate', recipient, { params, body: { statement: opening.jws }, now });
      const kept = () => w.state.grants.get(idOf(once))!.kfrags.size;
      await open();
      await putFolder(w, patient, await epochAfter(patient, w.folder));

      expect(await settle(w, once)).toMatchObject({ state: 'exhausted' });
      expect(await unsettled(w)).toEqual([]);
      const last = NOW + REPEAT_WINDOW;
      await settle(w, once, patient, last);
      expect([kept(), await unsettled(w, last)]).toEqual([1, []]);
      expect((await open(last)).records).toHaveLength(1);

      const over = last + SECOND;
      expect(await refused(w, () => open(over))).toEqual({ code: 'already-exists' });
      expect(await unsettled(w, over)).toEqual([once.statement.jws]);
      await settle(w, once, patient, over);
      expect([kept(), await unsettled(w, over)]).toEqual([0, []]);
    });

    test.each<[string, (w: Clinic, grant: SignedGrant) => Promise<unknown>, string]>([
      ['that has expired, although its last opening was a moment ago', () => Promise.resolve(), 'expired'],
      ['that is used up and revoked', (w, grant) => revoke(w, grant), 'revoked'],
    ])('%s', async (_, end, state) => {
      const w = await clinic();
      const once = await grantOf([w.folder], { openings: 1, expires: NOW + 1 });
      await makeGrant(w, once);
      const opening = await openingOf(recipient, w.folder, [w.letter.statement], { grant: idOf(once) });
      const params = { openingId: opening.payload.opening };
      await send(w, 'recapsulate', recipient, { params, body: { statement: opening.jws } });
      await putFolder(w, patient, await epochAfter(patient, w.folder));
      await end(w, once);
      expect(await settle(w, once, patient, NOW + 1)).toMatchObject({ state });
      expect([w.state.grants.get(idOf(once))!.kfrags.size, await unsettled(w, NOW + DAY - 1)]).toEqual([0, []]);
    });

    test('again, if the first call was interrupted: until then the grant is on the list', async () => {
      const w = await clinic();
      await putFolder(w, patient, await epochAfter(patient, w.folder));
      const broken = interrupted(w, 'keyFragments.forget', () => Promise.reject(new Error('the process ended')));
      const now = NOW + DAY;
      await expect(settle({ ...w, ...broken }, w.grant, patient, now)).rejects.toThrow('the process ended');
      expect(await unsettled(w, now)).toEqual([w.grant.statement.jws]);
      expect(left(w)).toBe(1);
      await settle(w, w.grant, patient, now);
      expect([left(w), await unsettled(w, now)]).toEqual([0, []]);
    });
  });

  test('refuses a grant that has not begun', async () => {
    const w = await clinic();
    const later = await grantOf([w.folder], { notBefore: NOW + 1 });
    await makeGrant(w, later);
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect(await refused(w, () => settle(w, later))).toEqual({ code: 'cells-open', ids: [] });
  });

  test('checks every cell, on any number of pages', async () => {
    const w = await clinic();
    const both = await grantOf([w.folder, w.other]);
    await makeGrant(w, both);
    await revoke(w, both);
    const { grants } = w.ports;
    const paged = {
      ...w,
      ports: {
        ...w.ports,
        grants: { ...grants, cells: (id: GrantId, page: object) => grants.cells(id, { ...page, limit: 1 }) },
      },
    };
    const ids = expect.arrayContaining([folderId(w.folder), folderId(w.other)]) as unknown;
    expect(await refused(w, () => settle(paged, both))).toEqual({ code: 'cells-open', ids });
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect(await refused(w, () => settle(paged, both))).toEqual({ code: 'cells-open', ids: [folderId(w.other)] });
    await putFolder(w, patient, await epochAfter(patient, w.other, { category: 'imaging' }));
    expect(await settle(paged, both)).toMatchObject({ state: 'revoked' });
  });

  test('needs no next epoch of a single-record folder', async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const { wrap } = w.letter.body;
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(wrap) } });
    const params = { folderId: folderId(single) };
    await send(w, 'create-folder', patient, { params, body: { statement: single.jws, wrap } });
    const shared = await grantOf([single]);
    await makeGrant(w, shared);
    await revoke(w, shared);
    expect(await settle(w, shared)).toMatchObject({ state: 'revoked' });
  });

  test('an exhausted grant is unsettled from its last opening on', async () => {
    const w = await clinic();
    const once = await grantOf([w.folder], { openings: 1 });
    await makeGrant(w, once);
    const opening = await openingOf(recipient, w.folder, [w.letter.statement], { grant: idOf(once) });
    const params = { openingId: opening.payload.opening };
    await send(w, 'recapsulate', recipient, { params, body: { statement: opening.jws } });
    expect(await unsettled(w)).toEqual([once.statement.jws]);
  });

  test('refuses anybody but the patient', async () => {
    const w = await clinic();
    await revoke(w, w.grant);
    expect(await refused(w, () => settle(w, w.grant, stranger))).toEqual(NOT_FOUND);
    expect(await refused(w, () => settle(w, w.grant, nobody))).toEqual(NOT_REGISTERED);
    const query = { as: 'recipient', state: 'unsettled' } as const;
    const asRecipient = () => send(w, 'list-grants', recipient, { query });
    expect(await refused(w, asRecipient)).toEqual({ code: 'malformed-request', member: 'as' });
  });
});
