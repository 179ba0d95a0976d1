// Tests rights to add and to write, scopes, extensions, pauses, settling and checkpoints: each use case and each of its refusals.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type GrantId, type RecordId } from '../../lib/bytes/ids.ts';
import { DAY, MINUTE } from '../../lib/domain/time.ts';
import type { Payload, Statement } from '../../lib/statements/kinds.ts';
import { verifyServiceStatement } from '../../lib/statements/service-statements.ts';
import { authority } from '../../lib/usecases/checks/filing-right.ts';
import type { Call } from '../../lib/ports/call.ts';
import { inOrder, makeMemory } from '../support/memory/index.ts';
import {
  b64,
  delegated,
  epochAfter,
  extensionOf,
  filingOf,
  folderOf,
  grantOf,
  nobody,
  NOW,
  openingOf,
  patient,
  recipient,
  requestOf,
  revocationOf,
  signed,
  stranger,
  type Person,
  type SignedExtension,
  type SignedGrant,
} from './people.ts';
import {
  begin,
  clinic,
  commit,
  eventOf,
  file,
  lastEvent,
  putFolder,
  readOnly,
  refused,
  send,
  trailOf,
  unchanged,
  uploaded,
  type Clinic,
} from './clinic.ts';
import { hashOfLabel, wrapOf } from '../support/wraps.ts';
import type { StoredLabel } from '../../lib/ports/index.ts';

const invalid = (member: string) => ({ code: 'statement-invalid', member });
/** Returns the refusal, which also says which extension of the body is wrong. */
const inExtension = (index: number, refusal: object) => ({ ...refusal, statement: `extensions.${index}.statement` });
const NOT_FOUND = { code: 'not-found' };
const NOT_REGISTERED = { code: 'not-registered' };
const idOf = ({ statement }: SignedGrant): GrantId => statement.payload.grant;
const folderId = ({ payload }: Statement<'folder'>): FolderId => payload.folder;

const makeGrant = (w: Clinic, grant: SignedGrant, by: Person = patient) =>
  send(w, 'grant-access', by, { params: { grantId: idOf(grant) }, body: grant.body });
const revoke = async (w: Clinic, grant: SignedGrant, now = NOW) => {
  const revocation = await revocationOf(grant.statement);
  await send(w, 'revoke-grant', patient, {
    params: { grantId: idOf(grant) },
    body: { statement: revocation.jws },
    now,
  });
};

/** Returns a grant to file in a folder. */
const authorship = (
  folder: Statement<'folder'>,
  right: 'add' | 'write',
  changes: Partial<Payload<'grant'>> = {},
): Promise<SignedGrant> => {
  const { cell } = delegated(patient, folder, recipient);
  return grantOf([folder], { right, cells: [{ ...cell, kfrags: [] }], kfrags: [], ...changes });
};
const naming = ({ statement }: SignedGrant) => ({ grant: { id: statement.payload.grant, hash: statement.hash } });

const extend = (w: Clinic, { statement, body }: SignedExtension, by: Person = patient, now = NOW) =>
  send(w, 'extend-grant', by, { params: { grantId: statement.payload.grant }, body, now });

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
      const find = () => Promise.resolve({ statement, status, extended: none, held: { number: 0 } });
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

describe('a folder with one record version', () => {
  const ready = async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(w.letter.body.wrap) } });
    const body = { statement: single.jws, wrap: w.letter.body.wrap };
    await send(w, 'create-folder', patient, { params: { folderId: folderId(single) }, body });
    return { w, single };
  };

  test('accepts no other record', async () => {
    const { w, single } = await ready();
    const filing = await filingOf(patient, single);
    expect(await refused(w, () => begin(w, patient, filing))).toEqual(NOT_FOUND);
    // The upload begins in another folder and is committed in this one.
    await begin(w, patient, filing, { folder: folderId(w.folder) });
    expect(await refused(w, () => commit(w, patient, filing))).toEqual(NOT_FOUND);
  });

  test.each(['add', 'write'] as const)('cannot be granted with the right to %s', async (right) => {
    const { w, single } = await ready();
    const grant = await authorship(single, right);
    expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('cells'));
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

describe('extend-grant', () => {
  const second = async () => {
    const w = await clinic();
    const next = await epochAfter(patient, w.folder);
    await putFolder(w, patient, next);
    return { w, next };
  };

  test('adds the next epoch, and writes an event', async () => {
    const { w, next } = await second();
    const extension = await extensionOf(w.grant, [next]);
    expect(await extend(w, extension)).toMatchObject({ extensions: 1, tip: extension.statement.hash, used: 0 });
    const subject = { grant: idOf(w.grant), folders: [folderId(next)] };
    expect(lastEvent(w, patient)).toEqual(eventOf('grant-extended', patient, subject, extension.statement));
    const { cells } = await send(w, 'get-grant', recipient, { params: { grantId: idOf(w.grant) } });
    expect(cells).toEqual([{ folder: w.folder.jws }, { folder: next.jws, extension: extension.statement.jws }]);
    expect(await unchanged(w, () => extend(w, extension))).toMatchObject({ extensions: 1 });
  });

  test('lets the recipient open records in the new epoch', async () => {
    const { w, next } = await second();
    await extend(w, await extensionOf(w.grant, [next]));
    const filed = await file(w, patient, await filingOf(patient, next));
    const opening = await openingOf(recipient, next, [filed.statement], { grant: idOf(w.grant) });
    const params = { openingId: opening.payload.opening };
    const answer = await send(w, 'recapsulate', recipient, { params, body: { statement: opening.jws } });
    expect(answer.records[0]!.wrap.cfrags).toHaveLength(1);
    const list = { params: { folderId: folderId(next) }, query: { grant: idOf(w.grant) } };
    expect((await send(w, 'list-records', recipient, list)).records).toHaveLength(2);
  });

  test('refuses a wrong number or hash, cells that the grant does not cover, and a grant that has ended', async () => {
    const { w, next } = await second();
    const seen = { ...w, ...readOnly(w) };
    const outdated = { code: 'statement-outdated' };
    expect(await refused(w, async () => extend(seen, await extensionOf(w.grant, [next], { number: 2 })))).toEqual(
      outdated,
    );
    const other = { previous: b64(32) };
    expect(await refused(w, async () => extend(seen, await extensionOf(w.grant, [next], other)))).toEqual(outdated);
    const beyond = { code: 'grant-exceeds-request', member: 'cells' };
    for (const cells of [[w.other], [next, w.other]])
      expect(await refused(w, async () => extend(seen, await extensionOf(w.grant, cells)))).toEqual(beyond);
    const twice = await extensionOf(w.grant, [next, next]);
    expect(await refused(w, () => extend(w, twice))).toEqual(invalid('cells'));
    const had = await extensionOf(w.grant, [w.folder]);
    expect(await refused(w, () => extend(w, had))).toEqual({ code: 'already-exists' });
    const unknown = await extensionOf(w.grant, [await epochAfter(patient, next)]);
    expect(await refused(w, () => extend(w, unknown))).toMatchObject(NOT_FOUND);
    const ended = { code: 'grant-ended', reason: 'expired' };
    const good = await extensionOf(w.grant, [next]);
    expect(await refused(w, () => extend(seen, good, patient, NOW + DAY))).toEqual(ended);
    await revoke(w, w.grant);
    expect(await refused(w, () => extend(seen, good))).toEqual({ code: 'grant-ended', reason: 'revoked' });
  });

  test('refuses key fragments that are missing, of another cell, or for another recipient', async () => {
    const { w, next } = await second();
    const none = await extensionOf(w.grant, [next], { kfrags: [] });
    expect(await refused(w, () => extend(w, none))).toEqual(invalid('cells'));
    const { kfrag } = delegated(patient, w.folder, recipient);
    const wrong = await extensionOf(w.grant, [next], { kfrags: [kfrag] });
    expect(await refused(w, () => extend(w, wrong))).toEqual({ code: 'kfrag-invalid', ids: [folderId(next)] });
    const forStranger = delegated(patient, next, stranger);
    const odd = await extensionOf(w.grant, [next], {
      cells: [forStranger.cell],
      kfrags: [forStranger.kfrag],
    });
    expect(await refused(w, () => extend(w, odd))).toEqual({ code: 'kfrag-invalid', ids: [folderId(next)] });
    const noFragments = await extensionOf(w.grant, [next], { cells: [{ ...forStranger.cell, kfrags: [] }] });
    expect(await refused(w, () => extend(w, noFragments))).toEqual(invalid('cells'));
  });

  test('refuses anybody but the patient, and another grant in the path', async () => {
    const { w, next } = await second();
    const theirs = await extensionOf(w.grant, [next], { by: stranger });
    expect(await refused(w, () => extend(w, theirs, stranger))).toMatchObject(NOT_FOUND);
    const unknown = await extensionOf(w.grant, [next], { by: nobody });
    expect(await refused(w, () => extend(w, unknown, nobody))).toEqual(NOT_REGISTERED);
    const good = await extensionOf(w.grant, [next]);
    const elsewhere = () =>
      send(w, 'extend-grant', patient, { params: { grantId: newId<GrantId>() }, body: good.body });
    expect(await refused(w, elsewhere)).toEqual(invalid('grant'));
  });

  test('refuses a grant to add, and extends a grant that is paused or has not begun', async () => {
    const { w, next } = await second();
    const add = await authorship(next, 'add');
    await makeGrant(w, add);
    const beyond = { code: 'grant-exceeds-request', member: 'cells' };
    expect(await refused(w, async () => extend(w, await extensionOf(add, [next])))).toEqual(beyond);
    const later = await grantOf([w.folder], { notBefore: NOW + 1 });
    await makeGrant(w, later);
    expect(await extend(w, await extensionOf(later, [next]))).toMatchObject({ state: 'not-begun', extensions: 1 });
    await hold(w, 'pause', w.grant);
    expect(await extend(w, await extensionOf(w.grant, [next]))).toMatchObject({ state: 'paused', extensions: 1 });
  });

  test('extends a standing grant to folders of its categories, and to no single-record folder', async () => {
    const w = await clinic();
    const standing = await grantOf([w.other], { standing: { categories: ['letters'] } });
    await makeGrant(w, standing);
    const listed = await send(w, 'list-grants', patient, { query: { as: 'patient', state: 'standing' } });
    expect(listed.grants.map((g) => g.statement)).toEqual([standing.statement.jws]);
    const first = await extensionOf(standing, [w.folder]);
    expect(await extend(w, first)).toMatchObject({ extensions: 1 });
    const image = await folderOf(patient, { category: 'imaging' });
    await putFolder(w, patient, image);
    const more = { number: 2, previous: first.statement.hash };
    const beyond = { code: 'grant-exceeds-request', member: 'cells' };
    expect(await refused(w, async () => extend(w, await extensionOf(standing, [image], more)))).toEqual(beyond);
    await revoke(w, standing);
    expect((await send(w, 'list-grants', patient, { query: { as: 'patient', state: 'standing' } })).grants).toEqual([]);
  });
});

type Hold = 'pause' | 'resumption';
const holdOf = (kind: Hold, grant: SignedGrant, number: number, changes: object = {}, by = patient) =>
  signed(
    kind,
    { patient: by.keys.id, grant: idOf(grant), of: grant.statement.hash, number, when: NOW },
    changes,
    by,
  ) as Promise<Statement<'pause'>>;
const hold = async (w: Clinic, kind: Hold, grant: SignedGrant, number = 1, by = patient, now = NOW) => {
  const { jws } = await holdOf(kind, grant, number, {}, by);
  const route = kind === 'pause' ? 'pause-grant' : 'resume-grant';
  return send(w, route, by, { params: { grantId: idOf(grant) }, body: { statement: jws }, now });
};

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

describe('withdraw-request', () => {
  const withdrawalOf = ({ payload, hash }: Statement<'request'>, changes: object = {}, by = recipient) =>
    signed(
      'withdrawal',
      {
        recipient: by.keys.id,
        patient: payload.patient,
        request: payload.request,
        of: hash,
        code: 'mistake',
        when: NOW,
      },
      changes,
      by,
    );
  test('answers not-found for a missing request', async () => {
    const w = await clinic();
    const unknown = await requestOf(recipient, [w.folder]);
    const { jws } = await withdrawalOf(unknown);
    const sent = { params: { requestId: unknown.payload.request }, body: { statement: jws } };
    expect(await refused(w, () => send(w, 'withdraw-request', recipient, sent))).toEqual(NOT_FOUND);
  });

  const withdraw = async (w: Clinic, changes: object = {}, by = recipient, now = NOW) => {
    const { jws } = await withdrawalOf(w.request, changes, by);
    const params = { requestId: w.request.payload.request };
    return send(w, 'withdraw-request', by, { params, body: { statement: jws }, now });
  };

  test("withdraws the request, with an event in the patient's trail", async () => {
    const w = await clinic();
    expect(await withdraw(w)).toEqual({ statement: w.request.jws, state: 'withdrawn' });
    const event = {
      kind: 'request-withdrawn',
      actor: recipient.keys.id,
      subject: { request: w.request.payload.request },
    };
    expect(lastEvent(w, patient)).toMatchObject(event);
    expect(lastEvent(w, patient)).toHaveProperty('evidence');
    expect(await unchanged(w, () => withdraw(w))).toMatchObject({ state: 'withdrawn' });
    const listed = await send(w, 'list-requests', recipient, { query: { as: 'recipient', state: 'withdrawn' } });
    expect(listed.requests).toHaveLength(1);
  });

  test('refuses another identity, an expired request, and a statement with other members', async () => {
    const w = await clinic();
    expect(await refused(w, () => withdraw(w, {}, patient))).toEqual(NOT_FOUND);
    expect(await refused(w, () => withdraw(w, {}, nobody))).toEqual(NOT_REGISTERED);
    expect(await refused(w, () => withdraw(w, { of: b64(32) }))).toEqual(invalid('of'));
    expect(await refused(w, () => withdraw(w, { patient: stranger.keys.id }))).toEqual(invalid('patient'));
    expect(await refused(w, () => withdraw(w, { request: newId() }))).toEqual(invalid('request'));
    const { until } = w.request.payload;
    expect(await refused(w, () => withdraw(w, {}, recipient, until))).toEqual({ code: 'request-closed' });
  });
});

describe('list-cells and list-cell-grants', () => {
  test('return the cells of a folder to the patient, oldest first, and the grants that read a cell', async () => {
    const w = await clinic();
    const next = await epochAfter(patient, w.folder);
    await putFolder(w, patient, next);
    const params = { folderId: folderId(w.folder) };
    const { folders } = await send(w, 'list-cells', patient, { params });
    expect(folders).toEqual([
      { statement: w.folder.jws, state: 'closed' },
      { statement: next.jws, state: 'current' },
    ]);
    const one = await send(w, 'list-cells', patient, { params, query: { limit: 1 } });
    expect([one.folders.length, typeof one.next]).toEqual([1, 'string']);
    await revoke(w, w.grant);
    const first = { params: { ...params, epoch: 1 } };
    const { grants } = await send(w, 'list-cell-grants', patient, first);
    expect(grants).toMatchObject([{ statement: w.grant.statement.jws, state: 'revoked' }]);
    const second = { params: { ...params, epoch: 2 } };
    expect((await send(w, 'list-cell-grants', patient, second)).grants).toEqual([]);
    for (const by of [stranger, recipient]) {
      expect(await refused(w, () => send(w, 'list-cells', by, { params }))).toEqual(NOT_FOUND);
      expect(await refused(w, () => send(w, 'list-cell-grants', by, first))).toEqual(NOT_FOUND);
    }
    const unknown = { folderId: newId<FolderId>() };
    expect(await refused(w, () => send(w, 'list-cells', patient, { params: unknown }))).toEqual(NOT_FOUND);
    const cell = { params: { ...unknown, epoch: 1 } };
    expect(await refused(w, () => send(w, 'list-cell-grants', patient, cell))).toEqual(NOT_FOUND);
    expect(await refused(w, () => send(w, 'list-cells', nobody, { params }))).toEqual(NOT_REGISTERED);
    expect(await refused(w, () => send(w, 'list-cell-grants', nobody, first))).toEqual(NOT_REGISTERED);
  });
});

describe('create-folder with extensions or a single record', () => {
  const put = (w: Clinic, statement: Statement<'folder'>, body: object) =>
    send(w, 'create-folder', patient, {
      params: { folderId: folderId(statement) },
      body: { statement: statement.jws, ...body },
    });

  test('carries grants over to the new cell, in one event', async () => {
    const w = await clinic();
    const next = await epochAfter(patient, w.folder);
    const extension = await extensionOf(w.grant, [next]);
    await put(w, next, { extensions: [extension.body] });
    const { folder, epoch } = next.payload;
    expect(lastEvent(w, patient)).toMatchObject({
      kind: 'epoch-started',
      subject: { folder, epoch, grants: [idOf(w.grant)] },
    });
    const { cells } = await send(w, 'get-grant', recipient, { params: { grantId: idOf(w.grant) } });
    expect(cells).toHaveLength(2);
  });

  test('carries several grants over at once', async () => {
    const w = await clinic();
    const more = await grantOf([w.folder]);
    await makeGrant(w, more);
    const next = await epochAfter(patient, w.folder);
    const extensions = await Promise.all([w.grant, more].map((g) => extensionOf(g, [next])));
    await put(w, next, { extensions: extensions.map((e) => e.body) });
    for (const grant of [w.grant, more]) {
      const { cells } = await send(w, 'get-grant', recipient, { params: { grantId: idOf(grant) } });
      expect(cells).toHaveLength(2);
    }
  });

  test('refuses an extension whose cell differs from the new one', async () => {
    const w = await clinic();
    const next = await epochAfter(patient, w.folder);
    const { cell, kfrag } = delegated(patient, next, recipient);
    for (const odd of [
      { folder: folderId(w.other) },
      { epoch: 3 },
      { key: w.other.payload.key },
      { statement: w.folder.hash },
    ]) {
      const cells = [{ ...cell, ...odd }];
      const { body } = await extensionOf(w.grant, [next], { cells, kfrags: [kfrag] });
      expect(await refused(w, () => put(w, next, { extensions: [body] }))).toEqual(inExtension(0, invalid('cells')));
    }
  });

  test('refuses the epoch as a whole if an extension is for another cell, repeated, of another grant, or has a wrong number', async () => {
    const w = await clinic();
    const next = await epochAfter(patient, w.folder);
    const good = await extensionOf(w.grant, [next]);
    const twice = [good.body, good.body];
    expect(await refused(w, () => put(w, next, { extensions: twice }))).toEqual(inExtension(1, invalid('grant')));
    const elsewhere = await extensionOf(w.grant, [w.folder]);
    const odd = (body: object) => refused(w, () => put(w, next, { extensions: [body] }));
    expect(await odd(elsewhere.body)).toEqual(inExtension(0, invalid('cells')));
    const two = await extensionOf(w.grant, [next, w.folder]);
    expect(await odd(two.body)).toEqual(inExtension(0, invalid('cells')));
    const late = await extensionOf(w.grant, [next], { number: 2 });
    expect(await odd(late.body)).toEqual(inExtension(0, { code: 'statement-outdated' }));
    const unknown = await extensionOf(await grantOf([w.folder]), [next]);
    expect(await odd(unknown.body)).toEqual(inExtension(0, NOT_FOUND));
    const foreign = await extensionOf(w.grant, [next], { by: stranger });
    const both = [good.body, foreign.body];
    expect(await refused(w, () => put(w, next, { extensions: both }))).toEqual(
      inExtension(1, { code: 'statement-invalid', member: 'kid', reason: 'wrong-signer' }),
    );
    const other = await folderOf(patient);
    const beyond = await extensionOf(w.grant, [other]);
    expect(await refused(w, () => put(w, other, { extensions: [beyond.body] }))).toEqual(
      inExtension(0, { code: 'grant-exceeds-request', member: 'cells' }),
    );
  });

  test('a single-record folder needs the wrap of its record version', async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const wrap = wrapOf(w.letter.fileKey, w.folder, { record, version: 1 });
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(wrap) } });
    expect(await refused(w, () => put(w, single, {}))).toEqual(invalid('single'));
    expect(await refused(w, () => put(w, single, { wrap: w.letter.body.wrap }))).toEqual(invalid('single'));
    expect(await refused(w, () => put(w, w.folder, { wrap }))).toEqual(invalid('single'));
    const bad = { ...wrap, capsule: b64(105) };
    expect(await refused(w, () => put(w, single, { wrap: bad }))).toEqual({ code: 'capsule-invalid' });
    const gone = await folderOf(patient, {
      single: { record: newId<RecordId>(), version: 1, label: hashOfLabel(wrap) },
    });
    expect(await refused(w, () => put(w, gone, { wrap }))).toEqual(NOT_FOUND);
    const foreign = await folderOf(patient, {
      single: { record: w.theirs.statement.payload.record, version: 1, label: hashOfLabel(wrap) },
    });
    expect(await refused(w, () => put(w, foreign, { wrap }))).toEqual(NOT_FOUND);
    await put(w, single, { wrap });
    expect(lastEvent(w, patient).subject.records).toEqual([{ record, version: 1 }]);
    const grant = await grantOf([single]);
    await makeGrant(w, grant);
    const query = { grant: idOf(grant) };
    const listed = await send(w, 'list-records', recipient, { params: { folderId: folderId(single) }, query });
    expect(listed.records.map((r) => r.statement)).toEqual([w.letter.statement.jws]);
    const seen = await send(w, 'get-record', recipient, { params: { recordId: record }, query });
    expect(seen.versions).toHaveLength(1);
    // Each reader gets the label in the wrap for its own cell, and no other part of the wrap.
    const labels = ({ companionCiphertext, label }: StoredLabel) => [{ companionCiphertext, label }];
    const partsIn = (views: readonly object[]) =>
      views.map((v) => Object.fromEntries(Object.entries(v).filter(([name]) => name in wrap)));
    expect(partsIn(listed.records)).toEqual(labels(wrap));
    expect(partsIn(seen.versions)).toEqual(labels(wrap));
    const own = await send(w, 'get-record', patient, { params: { recordId: record } });
    expect(partsIn(own.versions)).toEqual(labels(w.letter.body.wrap));
    const other = w.scan.statement.payload.record;
    const hidden = () => send(w, 'get-record', recipient, { params: { recordId: other }, query });
    expect(await refused(w, hidden)).toEqual(NOT_FOUND);
  });

  test('refuses another record in the next epoch of a single-record folder', async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(w.letter.body.wrap) } });
    await put(w, single, { wrap: w.letter.body.wrap });
    const other = await epochAfter(patient, single, {
      single: { record: w.scan.statement.payload.record, version: 1, label: hashOfLabel(w.letter.body.wrap) },
    });
    expect(await refused(w, () => put(w, other, { wrap: w.letter.body.wrap }))).toEqual(invalid('single'));
  });
});

describe('approve-request stays within the scope of the request', () => {
  const approve = async (w: Clinic, request: Statement<'request'>, grants: readonly SignedGrant[]) => {
    const params = { requestId: request.payload.request };
    await send(w, 'request-access', recipient, { params, body: { statement: request.jws } });
    return send(w, 'approve-request', patient, { params, body: { grants: grants.map((g) => g.body) } });
  };
  const beyond = (member: string) => ({ code: 'grant-exceeds-request', member });

  test('a category: grants folders of that category, and nothing wider as standing', async () => {
    const w = await clinic();
    const request = await requestOf(recipient, [], { scope: { categories: ['letters'] } });
    expect(lastEvent(w, patient).subject).not.toHaveProperty('scope');
    const wide = await grantOf([w.folder], { answers: request, standing: { everything: true } });
    await expect(approve(w, request, [wide])).rejects.toMatchObject({ details: { member: 'standing' } });
    const image = await grantOf([w.other], { answers: request });
    const params = { requestId: request.payload.request };
    const refusedBy = (g: SignedGrant) =>
      refused(w, () => send(w, 'approve-request', patient, { params, body: { grants: [g.body] } }));
    expect(await refusedBy(image)).toEqual({ ...beyond('cells'), statement: 'grants.0.statement' });
    const good = await grantOf([w.folder], { answers: request, standing: { categories: ['letters'] } });
    await send(w, 'approve-request', patient, { params, body: { grants: [good.body] } });
    expect(trailOf(w, patient).at(-1)?.subject).toMatchObject({ right: 'read' });
  });

  test('everything: grants every right that was requested', async () => {
    const w = await clinic();
    const rights = ['read', 'add', 'write'] as const;
    const request = await requestOf(recipient, [], { scope: { everything: true }, rights: [...rights] });
    const named = { request: { id: request.payload.request, hash: request.hash } };
    const grants = [
      await grantOf([w.folder, w.other], { answers: request, standing: { everything: true } }),
      await authorship(w.folder, 'add', named),
      await authorship(w.folder, 'write', named),
    ];
    const { grants: views } = await approve(w, request, grants);
    expect(views).toHaveLength(3);
    expect(
      trailOf(w, patient)
        .slice(-3)
        .map((e) => e.subject.right),
    ).toEqual(rights);
  });
});

describe('get-checkpoint', () => {
  test('signs the last event of the chain, once for each event', async () => {
    const w = await clinic();
    const key = (await send(w, 'get-service-key', patient, {})).key;
    const { checkpoint } = await send(w, 'get-checkpoint', patient, {});
    const { event, entry } = w.state.chains.get(patient.keys.id)!.at(-1)!;
    const last = w.state.entries.get(patient.keys.id)!.at(-1)!.statement;
    const head = { number: last.payload.number, hash: last.hash };
    const end = { patient: patient.keys.id, seq: event.seq, hash: entry.hash, entry: head, when: NOW };
    expect(verifyServiceStatement('checkpoint', checkpoint, key)).toEqual(end);
    expect(await unchanged(w, () => send(w, 'get-checkpoint', patient, { now: NOW + 1 }))).toEqual({ checkpoint });
    await revoke(w, w.grant);
    const next = await send(w, 'get-checkpoint', patient, {});
    expect(verifyServiceStatement('checkpoint', next.checkpoint, key).seq).toBe(event.seq + 1);
    expect(await refused(w, () => send(w, 'get-checkpoint', nobody, {}))).toEqual(NOT_REGISTERED);
  });
});

describe('list-audit with after', () => {
  test('returns the events after a number to the patient, and refuses from and to with it', async () => {
    const w = await clinic();
    const all = trailOf(w, patient).length;
    const { events } = await send(w, 'list-audit', patient, { query: { as: 'patient', after: all - 2 } });
    expect(events).toHaveLength(2);
    const malformed = { code: 'malformed-request', member: 'after' };
    for (const query of [
      { as: 'patient', after: 1, from: 1 },
      { as: 'patient', after: 1, to: 1 },
      { as: 'recipient', after: 1 },
    ] as const)
      expect(await refused(w, () => send(w, 'list-audit', patient, { query }))).toEqual(malformed);
  });
});

test('refuses another identity in the same way for any order of answers, also if the cells belong to nobody', async () => {
  const w = await clinic();
  const theirs = await extensionOf(w.grant, [w.folder], { by: stranger });
  const slow = (name: string) =>
    makeMemory({
      state: w.state,
      schedule: async (step, run) => {
        if (step === name) await new Promise((resolve) => setTimeout(resolve, 20));
        return inOrder(step, run);
      },
    });
  for (const name of ['grants.find', 'folders.cells', 'identities.find'])
    expect(await refused(w, () => extend({ ...w, ...slow(name) }, theirs, stranger))).toEqual(NOT_FOUND);
});
