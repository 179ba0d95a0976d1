// Tests the use case extend-grant, and create-folder with extensions that carry grants over to the new cell.
import { describe, expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { DAY } from '../../lib/domain/time.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { inOrder, makeMemory } from '../support/memory/index.ts';
import { hashOfLabel } from '../support/wraps.ts';
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
  stranger,
} from './people.ts';
import {
  clinic,
  eventOf,
  file,
  lastEvent,
  putFolder,
  readOnly,
  refused,
  send,
  unchanged,
  type Clinic,
} from './clinic.ts';
import {
  NOT_FOUND,
  NOT_REGISTERED,
  authorship,
  extend,
  folderId,
  hold,
  idOf,
  inExtension,
  invalid,
  makeGrant,
  revoke,
} from './grant-calls.ts';

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
    const { record } = w.letter.statement.payload;
    const single = await folderOf(patient, { single: { record, version: 1, label: hashOfLabel(w.letter.body.wrap) } });
    const body = { statement: single.jws, wrap: w.letter.body.wrap };
    await send(w, 'create-folder', patient, { params: { folderId: folderId(single) }, body });
    for (const folder of [image, single])
      expect(await refused(w, async () => extend(w, await extensionOf(standing, [folder], more)))).toEqual(beyond);
    await revoke(w, standing);
    expect((await send(w, 'list-grants', patient, { query: { as: 'patient', state: 'standing' } })).grants).toEqual([]);
  });
});

test('extend-grant refuses another identity in the same way for any order of answers, also if the cells belong to nobody', async () => {
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

describe('create-folder with extensions', () => {
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
});
