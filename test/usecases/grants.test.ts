// Tests the use cases grant-access, get-grant, list-grants, revoke-grant and return-grant.
import { describe, expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { DAY } from '../../lib/domain/time.ts';
import type { GrantCell, Statement } from '../../lib/statements/kinds.ts';
import { publicKeyOf } from '../../lib/umbral/keys.ts';
import {
  b64,
  companionsOf,
  delegated,
  epochAfter,
  extensionOf,
  folderOf,
  grantOf,
  hashOf,
  identityOf,
  nobody,
  NOW,
  patient,
  receivingOf,
  recipient,
  requestOf,
  returnOf,
  revocationOf,
  stranger,
  type Person,
  type SignedGrant,
} from './people.ts';
import {
  clinic,
  eventOf,
  interrupted,
  lastEvent,
  putFolder,
  putIdentity,
  readOnly,
  refused,
  send,
  trailOf,
  unchanged,
  type Clinic,
} from './clinic.ts';

const invalid = (member: string) => ({ code: 'statement-invalid', member });
const viewOf = ({ statement }: SignedGrant, state = 'active', used = 0) => ({
  statement: statement.jws,
  state,
  used,
  extensions: 0,
  tip: statement.hash,
  holds: 0,
});
const untouched = ({ statement }: SignedGrant) => ({
  extended: { number: 0, hash: statement.hash },
  held: { number: 0 },
  pace: { second: 0, count: 0 },
});
const idOf = ({ statement }: SignedGrant): GrantId => statement.payload.grant;

const makeGrant = (w: Pick<Clinic, 'ports' | 'state'>, grant: SignedGrant, by: Person = patient, now = NOW) =>
  send(w, 'grant-access', by, { params: { grantId: idOf(grant) }, body: grant.body, now });

const revoke = (
  w: Pick<Clinic, 'ports' | 'state'>,
  revocation: Statement<'revocation'>,
  by: Person = patient,
  now = NOW,
) =>
  send(w, 'revoke-grant', by, {
    params: { grantId: revocation.payload.grant },
    body: { statement: revocation.jws },
    now,
  });

const approved = async (w: Clinic): Promise<void> => {
  const grant = await grantOf([w.folder], { answers: w.request });
  const { request } = w.request.payload;
  await send(w, 'approve-request', patient, { params: { requestId: request }, body: { grants: [grant.body] } });
};

describe('grant-access', () => {
  test('stores a grant without a request, and writes its event', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder, w.other], { openings: 5, purpose: 'FAMRQT' });
    expect(await makeGrant(w, grant)).toEqual(viewOf(grant));
    const { notBefore, expires, purpose } = grant.statement.payload;
    expect(await w.ports.grants.find(idOf(grant))).toEqual({
      statement: grant.statement,
      status: { state: 'active', notBefore, expires, limit: 5, used: 0 },
      ...untouched(grant),
    });
    expect([...w.state.grants.get(idOf(grant))!.kfrags.values()]).toEqual(grant.body.kfrags);
    const folders = [w.folder, w.other].map((f) => f.payload.folder);
    const subject = { grant: idOf(grant), right: 'read' as const, folders, purpose };
    expect(lastEvent(w, patient)).toStrictEqual(eventOf('access-granted', patient, subject, grant.statement));
  });

  test('names a folder once in the event, for any number of epochs', async () => {
    const w = await clinic();
    const second = await epochAfter(patient, w.folder);
    await putFolder(w, patient, second);
    await makeGrant(w, await grantOf([w.folder, second]));
    expect(lastEvent(w, patient).subject.folders).toEqual([w.folder.payload.folder]);
  });

  test('accepts a grant for a request that was approved before', async () => {
    const w = await clinic();
    await approved(w);
    const grant = await grantOf([w.folder], { answers: w.request });
    expect(await makeGrant(w, grant)).toEqual(viewOf(grant));
    expect(lastEvent(w, patient).subject.request).toBe(w.request.payload.request);
  });

  test('answers a repetition with the current state, and changes nothing', async () => {
    const w = await clinic();
    expect(await unchanged(w, () => makeGrant(readOnly(w), w.grant))).toEqual(viewOf(w.grant));
    await revoke(w, await revocationOf(w.grant.statement));
    expect(await unchanged(w, () => makeGrant(w, w.grant))).toEqual(viewOf(w.grant, 'revoked'));
  });

  test('twice in parallel stores one grant, and both calls return the current state', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder]);
    const late = interrupted(w, 'grants.create', async () => {
      await makeGrant(w, grant);
      await revoke(w, await revocationOf(grant.statement));
    });
    const events = trailOf(w, patient).length;
    expect(await makeGrant(late, grant)).toEqual(viewOf(grant, 'revoked'));
    expect(trailOf(w, patient)).toHaveLength(events + 2);
  });

  test('refuses another id in the path, and an id that another grant has', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder]);
    const sent = { params: { grantId: newId<GrantId>() }, body: grant.body };
    expect(await refused(w, () => send(w, 'grant-access', patient, sent))).toEqual(invalid('grant'));
    const other = await grantOf([w.folder], { grant: idOf(w.grant) });
    expect(await refused(w, () => makeGrant(w, other))).toEqual({ code: 'already-exists' });
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const folder = await folderOf(nobody);
    const grant = await grantOf([folder], {}, nobody);
    expect(await refused(w, () => makeGrant(w, grant, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => makeGrant(w, grant, patient))).toBe('StatementError wrong-signer');
    const asked = await grantOf([folder], { answers: w.request }, nobody);
    expect(await refused(w, () => makeGrant(w, asked, nobody))).toEqual({ code: 'not-registered' });
  });

  test("answers not-found for a missing request and another patient's", async () => {
    const w = await clinic();
    const unknown = await grantOf([w.folder], { answers: await requestOf(recipient, [w.folder]) });
    expect(await refused(w, () => makeGrant(w, unknown))).toEqual({ code: 'not-found' });
    const foreign = await grantOf([w.foreign], { answers: w.request }, stranger);
    expect(await refused(w, () => makeGrant(w, foreign, stranger))).toEqual({ code: 'not-found' });
  });

  test('refuses a grant for a pending request', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder], { answers: w.request });
    expect(await refused(w, () => makeGrant(readOnly(w), grant))).toEqual({ code: 'request-closed' });
  });

  test('refuses a grant that exceeds its request', async () => {
    const w = await clinic();
    await approved(w);
    const grant = await grantOf([w.folder, w.other], { answers: w.request });
    expect(await refused(w, () => makeGrant(w, grant))).toEqual({ code: 'grant-exceeds-request', member: 'cells' });
  });

  test('refuses a grant whose members are not valid', async () => {
    const w = await clinic();
    const { cell } = delegated(patient, w.folder, recipient);
    for (const [member, changes] of [
      ['recipient', { to: patient }],
      ['expires', { expires: NOW }],
      ['expires', { notBefore: NOW - 2, expires: NOW - 2 }],
      ['cells', { cells: [cell, cell], kfrags: [b64(310), b64(310)] }],
    ] as const) {
      const grant = await grantOf([w.folder], changes as Parameters<typeof grantOf>[1]);
      expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid(member));
    }
  });

  test("refuses a grant that has expired already, with the service's time", async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder], { notBefore: NOW - 2, expires: NOW });
    const expected = { ...invalid('expires'), clock: 'behind', serverTime: NOW };
    expect(await refused(w, () => makeGrant(w, grant))).toEqual(expected);
  });

  test('answers not-found for an unregistered recipient', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder], { to: nobody });
    expect(await refused(w, () => makeGrant(w, grant))).toEqual({ code: 'not-found' });
  });

  test("refuses any receiving key but the recipient's current one", async () => {
    const w = await clinic();
    const own = receivingOf(recipient, 1);
    for (const receiving of [
      { number: 2, key: own.key },
      { number: 1, key: receivingOf(stranger, 1).key },
    ]) {
      const grant = await grantOf([w.folder], { receiving });
      expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('receiving'));
    }
    const grant = await grantOf([w.folder]);
    const { hash: previous } = (await w.ports.identities.find(recipient.keys.id))!.statement;
    const newer = { number: 2, previous, receiving: receivingOf(recipient, 2) };
    await putIdentity(w, recipient, await identityOf(recipient, newer));
    expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('receiving'));
  });

  test("refuses any inbox key but the recipient's", async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder], { inbox: toBase64url(stranger.keys.inbox().publicKey) });
    expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('inbox'));
  });

  test('refuses companion seeds of another length than its cells need, in a grant and in an extension', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder], { companions: companionsOf(2) });
    expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('companions'));
    const without = await grantOf([w.folder], { companions: undefined as never });
    expect(await refused(w, () => makeGrant(w, without))).toEqual(invalid('companions'));
    const extension = await extensionOf(w.grant, [w.other], { companions: companionsOf(2) });
    const { grant: grantId } = w.grant.statement.payload;
    const extend = () => send(w, 'extend-grant', patient, { params: { grantId }, body: extension.body });
    expect(await refused(w, extend)).toEqual(invalid('companions'));
  });

  test("answers not-found for cells that are missing or another patient's, with their folders", async () => {
    const w = await clinic();
    const none = await folderOf(patient);
    const notYet = await epochAfter(patient, w.other);
    const { cell } = delegated(patient, w.foreign, recipient);
    const known = delegated(patient, w.folder, recipient).cell;
    const grants = [
      [await grantOf([w.folder, none]), [none.payload.folder]],
      [await grantOf([notYet]), [w.other.payload.folder]],
      [await grantOf([], { cells: [cell, known], kfrags: [b64(310), b64(310)] }), [w.foreign.payload.folder]],
    ] as const;
    for (const [grant, ids] of grants)
      expect(await refused(w, () => makeGrant(w, grant))).toEqual({ code: 'not-found', ids });
  });

  test('refuses another key or statement than the cell has', async () => {
    const w = await clinic();
    const made = delegated(patient, w.folder, recipient);
    const second = delegated(patient, w.other, recipient);
    for (const changes of [{ key: w.other.payload.key }, { statement: w.other.hash }] as Partial<GrantCell>[]) {
      const cells = [second.cell, { ...made.cell, ...changes }];
      const grant = await grantOf([], { cells, kfrags: [second.kfrag, made.kfrag] });
      expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('cells'));
    }
  });

  test('refuses any number of key fragments but one per cell', async () => {
    const w = await clinic();
    const [one, two] = [delegated(patient, w.folder, recipient), delegated(patient, w.other, recipient)];
    const cells = [one.cell, two.cell];
    for (const kfrags of [[one.kfrag], [one.kfrag, two.kfrag, two.kfrag]]) {
      const grant = await grantOf([], { cells, kfrags });
      expect(await refused(w, () => makeGrant(w, grant))).toEqual(invalid('cells'));
    }
    const swapped = await grantOf([], { cells, kfrags: [two.kfrag, one.kfrag] });
    const ids = [w.folder.payload.folder];
    expect(await refused(w, () => makeGrant(w, swapped))).toEqual({ code: 'kfrag-invalid', ids });
  });

  test.each<[string, (w: Clinic) => ReturnType<typeof delegated>]>([
    ['is for another recipient', (w) => delegated(patient, w.folder, stranger)],
    ['is for another cell', (w) => ({ ...delegated(patient, w.other, recipient) })],
    [
      'is signed by another identity',
      (w) => delegated(patient, w.folder, recipient, { signer: stranger.keys.kfragSigner }),
    ],
    [
      "is signed for the recipient's key only",
      (w) => delegated(patient, w.folder, recipient, { signDelegating: false }),
    ],
    ["is signed for the cell's key only", (w) => delegated(patient, w.folder, recipient, { signReceiving: false })],
    [
      'is for another key of the recipient',
      (w) => delegated(patient, w.folder, recipient, { receiving: publicKeyOf(recipient.keys.receiving(2)) }),
    ],
  ])('refuses a key fragment that %s', async (_how, make) => {
    const w = await clinic();
    const { payload, hash } = w.folder;
    const made = make(w);
    const cell = { ...made.cell, folder: payload.folder, key: payload.key, statement: hash };
    const grant = await grantOf([], { cells: [cell], kfrags: [made.kfrag] });
    const ids = [payload.folder];
    expect(await refused(w, () => makeGrant(w, grant))).toEqual({ code: 'kfrag-invalid', ids });
  });

  test('refuses a key fragment whose hash or id is not in the grant', async () => {
    const w = await clinic();
    const ids = [w.folder.payload.folder];
    const { cell, kfrag } = delegated(patient, w.folder, recipient);
    const named = cell.kfrags[0]!;
    const noise = new Uint8Array(310).fill(7);
    for (const [name, sent] of [
      [{ ...named, hash: b64(32) }, kfrag],
      [{ ...named, id: b64(32) }, kfrag],
      [{ ...named, hash: hashOf(noise) }, toBase64url(noise)],
    ] as const) {
      const grant = await grantOf([], { cells: [{ ...cell, kfrags: [name] }], kfrags: [sent] });
      expect(await refused(w, () => makeGrant(w, grant))).toEqual({ code: 'kfrag-invalid', ids });
    }
  });
});

describe('get-grant', () => {
  const get = (w: Clinic, by: Person, query = {}, grant = w.grant, now = NOW) =>
    send(w, 'get-grant', by, { params: { grantId: idOf(grant) }, query, now });

  test('returns the grant to both parties, with the folder statements of its cells', async () => {
    const w = await clinic();
    for (const by of [patient, recipient])
      expect(await unchanged(w, () => get(w, by))).toStrictEqual({
        ...viewOf(w.grant),
        cells: [{ folder: w.folder.jws }],
      });
  });

  test('returns the grant after its end', async () => {
    const w = await clinic();
    expect(await get(w, recipient, {}, w.grant, NOW + DAY)).toMatchObject({ state: 'expired' });
    await revoke(w, await revocationOf(w.grant.statement));
    expect(await get(w, recipient)).toMatchObject({ state: 'revoked', cells: [{ folder: w.folder.jws }] });
  });

  test('returns the granted epoch after it was closed', async () => {
    const w = await clinic();
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect((await get(w, recipient)).cells).toEqual([{ folder: w.folder.jws }]);
  });

  test('returns its cells in pages', async () => {
    const w = await clinic();
    const third = await folderOf(patient);
    await putFolder(w, patient, third);
    const grant = await grantOf([w.folder, w.other, third]);
    await makeGrant(w, grant);
    const cells = [w.folder, w.other, third]
      .sort((a, b) => (a.payload.folder < b.payload.folder ? -1 : 1))
      .map((f) => ({ folder: f.jws }));
    expect((await get(w, recipient, {}, grant)).cells).toEqual(cells);
    const begin = await get(w, recipient, { limit: 2 }, grant);
    expect([begin.cells, typeof begin.next]).toEqual([cells.slice(0, 2), 'string']);
    const rest = await get(w, recipient, { limit: 2, cursor: begin.next! }, grant);
    expect([rest.cells, rest.next]).toEqual([cells.slice(2), undefined]);
    const exact = await get(w, recipient, { limit: 3 }, grant);
    expect([exact.cells, 'next' in exact]).toEqual([cells, false]);
    for (const cursor of ['3', '-1', 'x'])
      expect(await refused(w, () => get(w, recipient, { cursor }, grant))).toEqual({
        code: 'malformed-request',
        member: 'cursor',
      });
  });

  test('omits a folder statement that is missing', async () => {
    const w = await clinic();
    w.state.folders.delete(w.folder.payload.folder);
    expect((await get(w, recipient)).cells).toEqual([]);
  });

  test('refuses everybody else', async () => {
    const w = await clinic();
    expect(await refused(w, () => get(w, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => get(w, stranger))).toEqual({ code: 'not-found' });
    const none = await grantOf([w.folder]);
    expect(await refused(w, () => get(w, patient, {}, none))).toEqual({ code: 'not-found' });
  });
});

describe('list-grants', () => {
  const list = (w: Clinic, as: 'patient' | 'recipient', by: Person, query = {}, now = NOW) =>
    send(w, 'list-grants', by, { query: { as, ...query }, now });

  test('returns the grants of both parties, with their state', async () => {
    const w = await clinic();
    const later = await grantOf([w.folder], { notBefore: NOW + 1, expires: NOW + 2 * DAY });
    await makeGrant(w, later);
    const both = [viewOf(w.grant), viewOf(later, 'not-begun')];
    expect(await unchanged(w, () => list(w, 'patient', patient))).toEqual({ grants: both });
    expect(await list(w, 'recipient', recipient, { state: 'active' })).toEqual({ grants: both });
    expect(await list(w, 'recipient', patient)).toEqual({ grants: [] });
    expect(await list(w, 'patient', recipient)).toEqual({ grants: [] });
    expect(await list(w, 'patient', patient, { state: 'expired' }, NOW + DAY)).toEqual({
      grants: [viewOf(w.grant, 'expired')],
    });
    await revoke(w, await revocationOf(w.grant.statement));
    expect(await list(w, 'recipient', recipient, { state: 'revoked' })).toEqual({
      grants: [viewOf(w.grant, 'revoked')],
    });
  });

  test('returns pages', async () => {
    const w = await clinic();
    const later = await grantOf([w.folder], { expires: NOW + 2 * DAY });
    await makeGrant(w, later);
    const one = await list(w, 'patient', patient, { limit: 1 });
    expect(one).toEqual({ grants: [viewOf(w.grant)], next: one.next });
    expect(await list(w, 'patient', patient, { limit: 1, cursor: one.next })).toEqual({ grants: [viewOf(later)] });
  });

  test('refuses an unregistered caller', async () => {
    const w = await clinic();
    expect(await refused(w, () => list(w, 'recipient', nobody))).toEqual({ code: 'not-registered' });
  });
});

describe('revoke-grant', () => {
  test('ends the grant at once, deletes its key fragments, and writes an event', async () => {
    const w = await clinic();
    const revocation = await revocationOf(w.grant.statement);
    expect(await revoke(w, revocation)).toEqual(viewOf(w.grant, 'revoked'));
    expect(w.state.grants.get(idOf(w.grant))).toMatchObject({ status: { state: 'revoked' }, kfrags: new Map() });
    const event = eventOf('grant-revoked', patient, { grant: idOf(w.grant) }, revocation, { evidence: true });
    expect(lastEvent(w, patient)).toEqual(event);
  });

  test('revokes an expired grant', async () => {
    const w = await clinic();
    const revocation = await revocationOf(w.grant.statement);
    expect(await revoke(w, revocation, patient, NOW + 2 * DAY)).toEqual(viewOf(w.grant, 'revoked'));
  });

  test('answers a repetition, and refuses another revocation, because its entry is not in the chain', async () => {
    const w = await clinic();
    const revocation = await revocationOf(w.grant.statement);
    const late = interrupted(w, 'grants.revoke', () => revoke(w, revocation));
    expect(await revoke(late, revocation)).toEqual(viewOf(w.grant, 'revoked'));
    const events = trailOf(w, patient).filter((e) => e.kind === 'grant-revoked');
    expect(events).toHaveLength(1);
    const other = await revocationOf(w.grant.statement, { code: 'distrust' });
    expect(await unchanged(w, () => revoke(w, revocation))).toEqual(viewOf(w.grant, 'revoked'));
    expect(await refused(w, () => revoke(w, other))).toEqual({ code: 'grant-ended', reason: 'revoked' });
  });

  test('refuses another grant in the path, and another hash of the grant', async () => {
    const w = await clinic();
    const revocation = await revocationOf(w.grant.statement);
    const sent = { params: { grantId: newId<GrantId>() }, body: { statement: revocation.jws } };
    expect(await refused(w, () => send(w, 'revoke-grant', patient, sent))).toEqual(invalid('grant'));
    const of = await revocationOf(w.grant.statement, { of: b64(32) });
    expect(await refused(w, () => revoke(w, of))).toEqual(invalid('of'));
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const revocation = await revocationOf(w.grant.statement, {}, nobody);
    expect(await refused(w, () => revoke(w, revocation, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => revoke(w, revocation, patient))).toBe('StatementError wrong-signer');
  });

  test("answers not-found for another patient's grant and a missing one", async () => {
    const w = await clinic();
    for (const by of [recipient, stranger]) {
      const revocation = await revocationOf(w.grant.statement, {}, by);
      expect(await refused(w, () => revoke(w, revocation, by))).toEqual({ code: 'not-found' });
    }
    const none = await revocationOf((await grantOf([w.folder])).statement);
    expect(await refused(w, () => revoke(w, none))).toEqual({ code: 'not-found' });
  });
});

describe('return-grant', () => {
  const returnGrant = (w: Pick<Clinic, 'ports' | 'state'>, s: Statement<'return'>, by: Person = recipient, now = NOW) =>
    send(w, 'return-grant', by, { params: { grantId: s.payload.grant }, body: { statement: s.jws }, now });

  test('ends the grant at once, deletes its key fragments, and writes an event', async () => {
    const w = await clinic();
    const statement = await returnOf(w.grant.statement, { code: 'key-lost' });
    expect(await returnGrant(w, statement)).toEqual(viewOf(w.grant, 'revoked'));
    expect(w.state.grants.get(idOf(w.grant))).toMatchObject({ status: { state: 'revoked' }, kfrags: new Map() });
    const event = eventOf('grant-returned', recipient, { grant: idOf(w.grant) }, statement, { evidence: true });
    expect(lastEvent(w, patient)).toEqual(event);
  });

  test('returns an expired grant', async () => {
    const w = await clinic();
    expect(await returnGrant(w, await returnOf(w.grant.statement), recipient, NOW + 2 * DAY)).toMatchObject({
      state: 'revoked',
    });
  });

  test('answers a repetition, also after a revocation, and changes nothing', async () => {
    const w = await clinic();
    const statement = await returnOf(w.grant.statement);
    await returnGrant(w, statement);
    for (const again of [statement, await returnOf(w.grant.statement, { code: 'other' })])
      expect(await unchanged(w, () => returnGrant(w, again))).toEqual(viewOf(w.grant, 'revoked'));
    const revoked = await clinic();
    await revoke(revoked, await revocationOf(revoked.grant.statement));
    const late = await returnOf(revoked.grant.statement);
    expect(await unchanged(revoked, () => returnGrant(revoked, late))).toEqual(viewOf(revoked.grant, 'revoked'));
  });

  test('refuses another grant in the path, another hash of the grant, and another patient', async () => {
    const w = await clinic();
    const { jws } = await returnOf(w.grant.statement);
    const sent = { params: { grantId: newId<GrantId>() }, body: { statement: jws } };
    expect(await refused(w, () => send(w, 'return-grant', recipient, sent))).toEqual(invalid('grant'));
    const of = await returnOf(w.grant.statement, { of: b64(32) });
    expect(await refused(w, () => returnGrant(w, of))).toEqual(invalid('of'));
    const from = await returnOf(w.grant.statement, { patient: stranger.keys.id });
    expect(await refused(w, () => returnGrant(w, from))).toEqual(invalid('patient'));
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const statement = await returnOf(w.grant.statement, {}, nobody);
    expect(await refused(w, () => returnGrant(w, statement, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => returnGrant(w, statement))).toBe('StatementError wrong-signer');
  });

  test("answers not-found for another recipient's grant, the caller's own as its patient, and a missing one", async () => {
    const w = await clinic();
    for (const by of [patient, stranger])
      expect(await refused(w, async () => returnGrant(w, await returnOf(w.grant.statement, {}, by), by))).toEqual({
        code: 'not-found',
      });
    const none = await returnOf((await grantOf([w.folder])).statement);
    expect(await refused(w, () => returnGrant(w, none))).toEqual({ code: 'not-found' });
  });
});
