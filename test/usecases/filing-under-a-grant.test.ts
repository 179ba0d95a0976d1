// Tests the rights to add and to write: filing under such a grant, and making one.
import { describe, expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { DAY, MINUTE } from '../../lib/domain/time.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { verifyServiceStatement } from '../../lib/statements/service-statements.ts';
import { authority } from '../../lib/usecases/checks/filing-right.ts';
import type { Call } from '../../lib/ports/call.ts';
import {
  b64,
  delegated,
  epochAfter,
  filingOf,
  grantOf,
  NOW,
  openingOf,
  patient,
  recipient,
  stranger,
  type SignedGrant,
} from './people.ts';
import { begin, clinic, commit, eventOf, lastEvent, putFolder, refused, send, unchanged, uploaded } from './clinic.ts';
import { NOT_FOUND, authorship, folderId, idOf, invalid, makeGrant, naming, revoke } from './grant-calls.ts';

describe('filing with a grant to add', () => {
  const ready = async (changes: Partial<Payload<'grant'>> = {}) => {
    const w = await clinic();
    const grant = await authorship(w.folder, 'add', changes);
    await makeGrant(w, grant);
    const filing = await filingOf(recipient, w.folder, { patient: patient.keys.id, ...naming(grant) });
    return { w, grant, filing };
  };

  test("stores the record with the grant, returns a receipt, and writes an event in the patient's trail", async () => {
    const { w, grant, filing } = await ready();
    await begin(w, recipient, filing, { grant: idOf(grant) });
    await uploaded(w, recipient, filing);
    const { receipt, ...view } = await commit(w, recipient, filing);
    expect(view).toMatchObject({ statement: filing.statement.jws, grant: grant.statement.jws });
    const { record, version, folder, epoch } = filing.statement.payload;
    const subject = { folder, epoch, records: [{ record, version }], grant: idOf(grant) };
    expect(lastEvent(w, patient)).toEqual(
      eventOf('record-filed', recipient, subject, filing.statement, { evidence: true }),
    );
    const event = w.state.chains.get(patient.keys.id)!.at(-1)!.entry.hash;
    const signedReceipt = verifyServiceStatement('receipt', receipt!, await w.ports.serviceSigner.key());
    expect(signedReceipt).toEqual({
      patient: patient.keys.id,
      author: recipient.keys.id,
      grant: idOf(grant),
      record,
      version,
      statement: filing.statement.hash,
      event,
      when: NOW,
    });
    const again = await unchanged(w, () => commit(w, recipient, filing, { now: NOW + 1 }));
    expect(verifyServiceStatement('receipt', again.receipt!, await w.ports.serviceSigner.key())).toEqual(signedReceipt);
  });

  test('returns no receipt to the patient', async () => {
    const w = await clinic();
    expect(await commit(w, patient, w.letter)).not.toHaveProperty('receipt');
  });

  test('accepts a later epoch of the folder, and refuses one that is closed', async () => {
    const { w, grant, filing } = await ready();
    const second = await epochAfter(patient, w.folder);
    await putFolder(w, patient, second);
    expect(await refused(w, () => begin(w, recipient, filing, { grant: idOf(grant) }))).toEqual({
      code: 'cell-closed',
    });
    const later = await filingOf(recipient, second, { patient: patient.keys.id, ...naming(grant) });
    await begin(w, recipient, later, { grant: idOf(grant) });
    await uploaded(w, recipient, later);
    expect(await commit(w, recipient, later)).toMatchObject({ state: 'committed' });
  });

  test('refuses a missing or unknown grant, another author, another folder, another right, and a grant that has ended', async () => {
    const { w, grant, filing } = await ready();
    const id = idOf(grant);
    expect(await refused(w, () => begin(w, recipient, filing))).toEqual(NOT_FOUND);
    expect(await refused(w, () => begin(w, stranger, filing, { grant: id }))).toEqual(NOT_FOUND);
    const { folder } = w.other.payload;
    expect(await refused(w, () => begin(w, recipient, filing, { grant: id, folder }))).toEqual(NOT_FOUND);
    expect(await refused(w, () => begin(w, recipient, filing, { grant: idOf(w.grant) }))).toEqual(NOT_FOUND);
    expect(await refused(w, () => begin(w, recipient, filing, { grant: newId<GrantId>() }))).toEqual(NOT_FOUND);
    const late = { grant: id, now: NOW + DAY };
    expect(await refused(w, () => begin(w, recipient, filing, late))).toEqual({
      code: 'grant-ended',
      reason: 'expired',
    });
    await begin(w, recipient, filing, { grant: id });
    await uploaded(w, recipient, filing);
    await revoke(w, grant);
    expect(await refused(w, () => commit(w, recipient, filing))).toEqual({ code: 'grant-ended', reason: 'revoked' });
  });

  test('answers not-found with a grant of another patient', async () => {
    const { w, filing } = await ready();
    const { cell } = delegated(stranger, w.foreign, recipient);
    const foreign = await grantOf(
      [w.foreign],
      { right: 'add', cells: [{ ...cell, kfrags: [] }], kfrags: [] },
      stranger,
    );
    await makeGrant(w, foreign, stranger);
    expect(await refused(w, () => begin(w, recipient, filing, { grant: idOf(foreign) }))).toEqual(NOT_FOUND);
  });

  test('the check accepts only the cell and the patient of the grant, whatever else is stored', async () => {
    const { w } = await ready();
    const filing = { grant: newId<GrantId>(), version: 1, folder: { statement: w.folder, state: 'current' } } as const;
    const call = { caller: recipient.keys.id, now: NOW, nonce: { value: b64(16), expires: NOW + DAY } } as Call;
    const by = async ({ statement }: SignedGrant) => {
      const { notBefore, expires } = statement.payload;
      const status = { state: 'active', notBefore, expires, used: 0 } as const;
      const none = { number: 0, hash: statement.hash };
      const find = () =>
        Promise.resolve({ statement, status, extended: none, held: { number: 0 }, pace: { second: 0, count: 0 } });
      return authority({ find }, filing, call);
    };
    const good = await authorship(w.folder, 'add');
    expect(await by(good)).toBe(good.statement);
    const [cell] = good.statement.payload.cells;
    for (const odd of [
      await grantOf([], { right: 'add', cells: [{ ...cell!, folder: folderId(w.other) }] }),
      await grantOf([], { right: 'add', cells: [cell!] }, stranger),
    ])
      expect(await refused(w, () => by(odd))).toEqual(NOT_FOUND);
  });

  test('refuses a statement with another hash of the grant', async () => {
    const { w, grant } = await ready();
    const odd = await filingOf(recipient, w.folder, {
      patient: patient.keys.id,
      grant: { id: idOf(grant), hash: b64(32) },
    });
    await begin(w, recipient, odd, { grant: idOf(grant) });
    await uploaded(w, recipient, odd);
    expect(await refused(w, () => commit(w, recipient, odd))).toEqual(invalid('grant'));
  });

  test('refuses a statement that is dated after the end of the grant, because readers refuse it', async () => {
    const expires = NOW + MINUTE;
    const { w, grant } = await ready({ expires });
    const made = async (created: number) => {
      const filing = await filingOf(recipient, w.folder, { patient: patient.keys.id, ...naming(grant), created });
      await begin(w, recipient, filing, { grant: idOf(grant) });
      await uploaded(w, recipient, filing);
      return filing;
    };
    const late = await made(expires);
    expect(await refused(w, () => commit(w, recipient, late))).toEqual({
      code: 'created-too-old',
      clock: 'ahead',
      serverTime: NOW,
    });
    expect(await commit(w, recipient, await made(expires - 1))).toMatchObject({ state: 'committed' });
  });

  test('reads nothing', async () => {
    const { w, grant } = await ready();
    const params = { folderId: folderId(w.folder) };
    const list = () => send(w, 'list-records', recipient, { params, query: { grant: idOf(grant) } });
    expect(await refused(w, list)).toEqual(NOT_FOUND);
    const recordId = w.letter.statement.payload.record;
    const get = () => send(w, 'get-record', recipient, { params: { recordId }, query: { grant: idOf(grant) } });
    expect(await refused(w, get)).toEqual(NOT_FOUND);
    const opening = await openingOf(recipient, w.folder, [w.letter.statement], { grant: idOf(grant) });
    const open = () =>
      send(w, 'recapsulate', recipient, {
        params: { openingId: opening.payload.opening },
        body: { statement: opening.jws },
      });
    expect(await refused(w, open)).toEqual(NOT_FOUND);
  });
});

describe('filing with a grant to write', () => {
  test('files the next version of a record, and no new record', async () => {
    const w = await clinic();
    const grant = await authorship(w.folder, 'write');
    await makeGrant(w, grant);
    const { record } = w.letter.statement.payload;
    const next = { record, version: 2, previous: w.letter.statement.hash, patient: patient.keys.id, ...naming(grant) };
    const filing = await filingOf(recipient, w.folder, next);
    await begin(w, recipient, filing, { grant: idOf(grant) });
    await uploaded(w, recipient, filing);
    expect(await commit(w, recipient, filing)).toMatchObject({ grant: grant.statement.jws });
    const versions = await send(w, 'get-record', patient, { params: { recordId: record } });
    expect(versions.versions.map((v) => v.statement)).toEqual([w.letter.statement.jws, filing.statement.jws]);
    const added = await filingOf(recipient, w.folder, { patient: patient.keys.id, ...naming(grant) });
    expect(await refused(w, () => begin(w, recipient, added, { grant: idOf(grant) }))).toEqual(NOT_FOUND);
  });
});

describe('a grant to add or write', () => {
  test('is made for the current cell, without key fragments', async () => {
    const w = await clinic();
    const { kfrag } = delegated(patient, w.folder, recipient);
    const odd = await authorship(w.folder, 'add');
    const withOne: SignedGrant = { ...odd, body: { ...odd.body, kfrags: [kfrag] } };
    expect(await refused(w, () => makeGrant(w, withOne))).toEqual(invalid('cells'));
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect(await refused(w, () => makeGrant(w, odd))).toEqual(invalid('cells'));
  });

  test('returns the current epoch of the folder to its recipient', async () => {
    const w = await clinic();
    const grant = await authorship(w.folder, 'add');
    await makeGrant(w, grant);
    const second = await epochAfter(patient, w.folder);
    await putFolder(w, patient, second);
    const seen = await send(w, 'get-grant', recipient, { params: { grantId: idOf(grant) } });
    expect(seen.cells).toEqual([{ folder: second.jws }]);
    w.state.folders.delete(folderId(w.folder));
    expect((await send(w, 'get-grant', recipient, { params: { grantId: idOf(grant) } })).cells).toEqual([]);
  });
});
