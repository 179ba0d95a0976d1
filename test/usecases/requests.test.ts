// Tests the use cases request-access, list-requests, approve-request and deny-request.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type GrantId, type RequestId } from '../../lib/bytes/ids.ts';
import { LONGEST_WAIT } from '../../lib/domain/request.ts';
import { DAY } from '../../lib/domain/time.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import {
  b64,
  denialOf,
  epochAfter,
  grantOf,
  identityOf,
  nobody,
  NOW,
  patient,
  receivingOf,
  recipient,
  requestOf,
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
/** Returns the refusal, which also says which grant of the body is wrong. */
const inGrant = (index: number, refusal: object) => ({ ...refusal, statement: `grants.${index}.statement` });

const ask = (w: Pick<Clinic, 'ports' | 'state'>, statement: Statement<'request'>, by: Person = recipient, now = NOW) =>
  send(w, 'request-access', by, {
    params: { requestId: statement.payload.request },
    body: { statement: statement.jws },
    now,
  });

const idOf = (w: Clinic): RequestId => w.request.payload.request;
const grantId = ({ statement }: SignedGrant): GrantId => statement.payload.grant;

const approve = (
  w: Clinic | (Pick<Clinic, 'ports' | 'state'> & { readonly request: Clinic['request'] }),
  grants: readonly SignedGrant[],
  { by = patient, now = NOW }: { readonly by?: Person; readonly now?: number } = {},
) =>
  send(w, 'approve-request', by, {
    params: { requestId: w.request.payload.request },
    body: { grants: grants.map((g) => g.body) },
    now,
  });

const deny = (w: Pick<Clinic, 'ports' | 'state'>, denial: Statement<'denial'>, by: Person = patient, now = NOW) =>
  send(w, 'deny-request', by, {
    params: { requestId: denial.payload.request },
    body: { statement: denial.jws },
    now,
  });

/** Returns a grant that answers the clinic's request. */
const answerTo = (w: Clinic, changes: Parameters<typeof grantOf>[1] = {}, cells = [w.folder]) =>
  grantOf(cells, { answers: w.request, ...changes });

const viewOf = ({ statement }: SignedGrant, state = 'active') => ({
  statement: statement.jws,
  state,
  used: 0,
  extensions: 0,
  tip: statement.hash,
  holds: 0,
});

describe('request-access', () => {
  test('stores a pending request, with an event that names folders and purpose', async () => {
    const w = await clinic();
    const statement = await requestOf(recipient, [w.folder, w.other], { purpose: 'CAREMGT' });
    expect(await ask(w, statement)).toStrictEqual({ statement: statement.jws, state: 'pending' });
    const { request, until, purpose } = statement.payload;
    expect(await w.ports.requests.find(request)).toEqual({ statement, state: 'pending', until, grants: [] });
    const subject = { request, folders: [w.folder.payload.folder, w.other.payload.folder], purpose };
    expect(lastEvent(w, patient)).toEqual(
      eventOf('access-requested', recipient, subject, statement, { evidence: true }),
    );
  });

  test('accepts folders that do not exist', async () => {
    const w = await clinic();
    const statement = await requestOf(recipient, [], { scope: { folders: [newId<FolderId>()] } });
    expect(await ask(w, statement)).toMatchObject({ state: 'pending' });
  });

  test('answers a repetition with the current state, and changes nothing', async () => {
    const w = await clinic();
    expect(await unchanged(w, () => ask(w, w.request))).toStrictEqual({ statement: w.request.jws, state: 'pending' });
    expect(await ask(w, w.request, recipient, w.request.payload.until)).toMatchObject({ state: 'expired' });
    const grant = await answerTo(w);
    await approve(w, [grant]);
    expect(await unchanged(w, () => ask(w, w.request))).toStrictEqual({
      statement: w.request.jws,
      state: 'approved',
      grants: [grantId(grant)],
    });
  });

  test('refuses another id in the path', async () => {
    const w = await clinic();
    const statement = await requestOf(recipient, [w.folder]);
    const sent = { params: { requestId: newId<RequestId>() }, body: { statement: statement.jws } };
    expect(await refused(w, () => send(w, 'request-access', recipient, sent))).toEqual(invalid('request'));
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const statement = await requestOf(nobody, [w.folder]);
    expect(await refused(w, () => ask(w, statement, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => ask(w, statement, recipient))).toBe('StatementError wrong-signer');
  });

  test('refuses a request whose members are not valid', async () => {
    const w = await clinic();
    const { folder } = w.folder.payload;
    for (const [member, changes] of [
      ['recipient', { patient: recipient.keys.id }],
      ['scope', { scope: { folders: [folder, folder] } }],
      // The key of another deployment.
      ['service', { service: b64(33) }],
    ] as const) {
      const statement = await requestOf(recipient, [w.folder], changes as Parameters<typeof requestOf>[2]);
      expect(await refused(w, () => ask(w, statement))).toEqual(invalid(member));
    }
  });

  test.each([
    ['behind', NOW],
    ['ahead', NOW + LONGEST_WAIT + 1],
  ] as const)(
    "refuses an end that a clock %s the service's has caused, with the service's time",
    async (clock, until) => {
      const w = await clinic();
      const statement = await requestOf(recipient, [w.folder], { until });
      const expected = { ...invalid('until'), clock, serverTime: NOW };
      expect(await refused(w, () => ask(w, statement))).toEqual(expected);
    },
  );

  test('answers not-found for an unregistered patient', async () => {
    const w = await clinic();
    const statement = await requestOf(recipient, [w.folder], { patient: nobody.keys.id });
    expect(await refused(w, () => ask(w, statement))).toEqual({ code: 'not-found' });
  });

  test('refuses any receiving key but the current one', async () => {
    const w = await clinic();
    const own = receivingOf(recipient, 1);
    for (const receiving of [
      { number: 2, key: own.key },
      { number: 1, key: receivingOf(stranger, 1).key },
      { number: 2, key: receivingOf(recipient, 2).key },
    ]) {
      const statement = await requestOf(recipient, [w.folder], { receiving });
      expect(await refused(w, () => ask(w, statement))).toEqual(invalid('receiving'));
    }
  });

  test('refuses an id that another request has', async () => {
    const w = await clinic();
    const other = await requestOf(recipient, [w.folder], { request: idOf(w), duration: 1 });
    expect(await refused(w, () => ask(w, other))).toEqual({ code: 'already-exists' });
  });

  test('refuses a sixth pending request', async () => {
    const w = await clinic();
    for (let n = 1; n < 5; n++) await ask(w, await requestOf(recipient, [w.folder]));
    const sixth = await requestOf(recipient, [w.folder]);
    const retryAfter = (7 * DAY) / 1000;
    expect(await refused(w, () => ask(w, sixth))).toEqual({ code: 'too-many', retryAfter });
    await deny(w, await denialOf(w.request));
    expect(await ask(w, sixth)).toMatchObject({ state: 'pending' });
  });
});

describe('list-requests', () => {
  const list = (w: Clinic, as: 'patient' | 'recipient', by: Person, query = {}, now = NOW) =>
    send(w, 'list-requests', by, { query: { as, ...query }, now });

  test('returns the requests of both parties, by their current state', async () => {
    const w = await clinic();
    const view = { statement: w.request.jws, state: 'pending' };
    expect(await unchanged(w, () => list(w, 'patient', patient))).toStrictEqual({ requests: [view] });
    expect(await list(w, 'recipient', recipient, { state: 'pending' })).toStrictEqual({ requests: [view] });
    expect(await list(w, 'patient', recipient)).toEqual({ requests: [] });
    expect(await list(w, 'recipient', patient)).toEqual({ requests: [] });
    const { until } = w.request.payload;
    const expired = { requests: [{ ...view, state: 'expired' }] };
    expect(await list(w, 'patient', patient, { state: 'expired' }, until)).toEqual(expired);
    expect(await list(w, 'patient', patient, { state: 'pending' }, until)).toEqual({ requests: [] });
    expect(await list(w, 'patient', patient, { state: 'expired' }, until - 1)).toEqual({ requests: [] });
  });

  test('returns pages', async () => {
    const w = await clinic();
    await ask(w, await requestOf(recipient, [w.folder]));
    const one = await list(w, 'patient', patient, { limit: 1 });
    const two = await list(w, 'patient', patient, { limit: 1, cursor: one.next });
    expect([one.requests.length, two.requests.length, two.next]).toEqual([1, 1, undefined]);
    expect(one.requests).not.toEqual(two.requests);
  });

  test('refuses an unregistered caller', async () => {
    const w = await clinic();
    expect(await refused(w, () => list(w, 'patient', nobody))).toEqual({ code: 'not-registered' });
  });
});

describe('approve-request', () => {
  test('stores the grants, closes the request, and writes an event', async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    expect(await approve(w, [grant])).toEqual({ grants: [viewOf(grant)] });
    const id = grantId(grant);
    expect(await w.ports.requests.find(idOf(w))).toMatchObject({ state: 'approved', grants: [id] });
    const { notBefore, expires, purpose } = grant.statement.payload;
    expect(await w.ports.grants.find(id)).toStrictEqual({
      statement: grant.statement,
      status: { state: 'active', notBefore, expires, used: 0 },
      extended: { number: 0, hash: grant.statement.hash },
      held: { number: 0 },
      pace: { second: 0, count: 0 },
    });
    expect([...w.state.grants.get(id)!.kfrags.values()]).toEqual(grant.body.kfrags);
    const subject = {
      grant: id,
      right: 'read' as const,
      request: idOf(w),
      folders: [w.folder.payload.folder],
      purpose,
    };
    expect(lastEvent(w, patient)).toEqual(eventOf('access-granted', patient, subject, grant.statement));
  });

  test('returns the state of the grant', async () => {
    const w = await clinic();
    const grant = await answerTo(w, { notBefore: NOW + 1, openings: 3 });
    expect(await approve(w, [grant])).toEqual({ grants: [viewOf(grant, 'not-begun')] });
    expect((await w.ports.grants.find(grantId(grant)))?.status.limit).toBe(3);
  });

  test('answers a repetition with the current state, and changes nothing', async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    await approve(w, [grant]);
    const row = w.state.grants.get(grantId(grant))!;
    w.state.grants.set(grantId(grant), { ...row, status: { ...row.status, used: 4 } });
    const again = await unchanged(w, () => approve(w, [grant], { now: NOW + DAY }));
    expect(again).toEqual({ grants: [{ ...viewOf(grant, 'expired'), used: 4 }] });
  });

  test('twice in parallel stores one grant, and both calls return the current state', async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    const late = interrupted(w, 'grants.create', async () => {
      await approve(w, [grant]);
      const row = w.state.grants.get(grantId(grant))!;
      w.state.grants.set(grantId(grant), { ...row, status: { ...row.status, used: 1 } });
    });
    const events = trailOf(w, patient).length;
    expect(await approve({ ...late, request: w.request }, [grant])).toEqual({
      grants: [{ ...viewOf(grant), used: 1 }],
    });
    expect(trailOf(w, patient)).toHaveLength(events + 1);
  });

  test("answers not-found for another patient's request and a missing one", async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    for (const by of [stranger, recipient])
      expect(await refused(w, () => approve(w, [grant], { by }))).toEqual({ code: 'not-found' });
    const none = { ...w, request: await requestOf(recipient, [w.folder]) };
    expect(await refused(w, () => approve(none, [grant]))).toEqual({ code: 'not-found' });
    expect(await refused(w, () => approve(w, [grant], { by: nobody }))).toEqual({ code: 'not-registered' });
  });

  test('refuses a grant that the patient did not sign', async () => {
    const w = await clinic();
    const grant = await grantOf([w.foreign], { answers: w.request }, stranger);
    const refusal = { code: 'statement-invalid', member: 'kid', reason: 'wrong-signer' };
    expect(await refused(w, () => approve(w, [grant]))).toEqual(inGrant(0, refusal));
    const good = await answerTo(w);
    expect(await refused(w, () => approve(w, [good, grant]))).toEqual(inGrant(1, refusal));
  });

  test('refuses two grants with the same right', async () => {
    const w = await clinic();
    const grants = [await answerTo(w), await answerTo(w)];
    expect(await refused(w, () => approve(w, grants))).toEqual(inGrant(1, invalid('right')));
  });

  test('refuses a grant that answers another request', async () => {
    const w = await clinic();
    const request = await requestOf(recipient, [w.folder], { rights: ['read', 'add'] });
    const { request: requestId } = request.payload;
    await send(w, 'request-access', recipient, { params: { requestId }, body: { statement: request.jws } });
    const read = await grantOf([w.folder], { answers: request });
    const cells = read.statement.payload.cells.map((c) => ({ ...c, kfrags: [] }));
    const add = await grantOf([w.folder], { answers: w.request, right: 'add', cells, kfrags: [] });
    const both = { params: { requestId }, body: { grants: [read.body, add.body] } };
    const beyond = { code: 'grant-exceeds-request', member: 'request' };
    expect(await refused(w, () => send(w, 'approve-request', patient, both))).toEqual(inGrant(1, beyond));
  });

  test('refuses grants that answered two requests as a repetition of one', async () => {
    const w = await clinic();
    const request = await requestOf(recipient, [w.folder], { rights: ['add'] });
    const { request: requestId } = request.payload;
    await send(w, 'request-access', recipient, { params: { requestId }, body: { statement: request.jws } });
    const read = await answerTo(w);
    const cells = read.statement.payload.cells.map((c) => ({ ...c, kfrags: [] }));
    const add = await grantOf([w.folder], { answers: request, right: 'add', cells, kfrags: [] });
    await approve(w, [read]);
    await approve({ ...w, request }, [add]);
    const beyond = { code: 'grant-exceeds-request', member: 'request' };
    expect(await refused(w, () => approve(w, [read, add]))).toEqual(inGrant(1, beyond));
  });

  test('refuses two grants with the same id', async () => {
    const w = await clinic();
    const request = await requestOf(recipient, [w.folder], { rights: ['read', 'add'] });
    const { request: requestId } = request.payload;
    await send(w, 'request-access', recipient, { params: { requestId }, body: { statement: request.jws } });
    const read = await grantOf([w.folder], { answers: request });
    const { grant, cells } = read.statement.payload;
    const emptied = cells.map((c) => ({ ...c, kfrags: [] }));
    const add = await grantOf([w.folder], { answers: request, grant, right: 'add', cells: emptied, kfrags: [] });
    const both = { params: { requestId }, body: { grants: [read.body, add.body] } };
    expect(await refused(w, () => send(w, 'approve-request', patient, both))).toEqual(inGrant(1, invalid('grant')));
  });

  test('refuses a grant that exceeds the request or differs from it', async () => {
    const w = await clinic();
    const beyond = (member: string) => ({ code: 'grant-exceeds-request', member });
    for (const [member, grant] of [
      ['request', await answerTo(w, { answers: await requestOf(recipient, [w.folder]) })],
      ['request', await answerTo(w, { request: { id: idOf(w), hash: b64(32) } })],
      ['request', await grantOf([w.folder])],
      ['recipient', await answerTo(w, { to: stranger })],
      ['receiving', await answerTo(w, { receiving: { number: 2, key: receivingOf(recipient, 2).key } })],
      ['purpose', await answerTo(w, { purpose: 'HRESCH' })],
      ['expires', await answerTo(w, { expires: NOW + 30 * DAY + 1 })],
      ['cells', await answerTo(w, {}, [w.folder, w.other])],
    ] as const)
      expect(await refused(w, () => approve(w, [grant]))).toEqual(inGrant(0, beyond(member)));
  });

  test('refuses a request that was denied or has expired', async () => {
    const w = await clinic();
    const closed = { code: 'request-closed' };
    const { until } = w.request.payload;
    const long = await answerTo(w, { notBefore: NOW + 6 * DAY, expires: NOW + 8 * DAY });
    const fixed = { ...readOnly(w), request: w.request };
    expect(await refused(w, () => approve(fixed, [long], { now: until }))).toEqual(closed);
    await deny(w, await denialOf(w.request));
    const grant = await answerTo(w);
    expect(await refused(w, () => approve(fixed, [grant]))).toEqual(closed);
  });

  test('refuses other grants for an approved request', async () => {
    const w = await clinic();
    await approve(w, [await answerTo(w)]);
    const other = await answerTo(w);
    expect(await refused(w, () => approve(w, [other]))).toEqual({ code: 'request-closed' });
  });

  test('refuses a grant that cannot be stored, with the reason', async () => {
    const w = await clinic();
    const grant = await answerTo(w, { expires: NOW });
    expect(await refused(w, () => approve(w, [grant]))).toEqual(inGrant(0, invalid('expires')));
    const fragments = await answerTo(w, { kfrags: [b64(310)] });
    const ids = [w.folder.payload.folder];
    expect(await refused(w, () => approve(w, [fragments]))).toEqual(inGrant(0, { code: 'kfrag-invalid', ids }));
  });

  test('names the first wrong grant in the list', async () => {
    const w = await clinic();
    const request = await requestOf(recipient, [w.folder], { rights: ['read', 'add'] });
    const { request: requestId } = request.payload;
    await send(w, 'request-access', recipient, { params: { requestId }, body: { statement: request.jws } });
    const read = await grantOf([w.folder], { answers: request, kfrags: [b64(310)] });
    const cells = read.statement.payload.cells.map((c) => ({ ...c, kfrags: [] }));
    const add = { answers: request, right: 'add' as const, cells, kfrags: [] };
    const ended = await grantOf([w.folder], { ...add, expires: NOW });
    const later = await grantOf([w.folder], { ...add, expires: NOW + 30 * DAY + 1 });
    const ids = [w.folder.payload.folder];
    const answer = (...grants: readonly SignedGrant[]) => refused(w, () => approve({ ...w, request }, grants));
    expect(await answer(read, later)).toEqual(inGrant(0, { code: 'kfrag-invalid', ids }));
    expect(await answer(later, read)).toEqual(inGrant(0, { code: 'grant-exceeds-request', member: 'expires' }));
    // The use case checks the terms of every grant before it checks the stored state.
    expect(await answer(read, ended)).toEqual(inGrant(1, invalid('expires')));
  });

  test('refuses an id that another grant has', async () => {
    const w = await clinic();
    const grant = await answerTo(w, { grant: w.grant.statement.payload.grant });
    expect(await refused(w, () => approve(w, [grant]))).toEqual({ code: 'already-exists' });
  });

  test('refuses the approval if the request is denied meanwhile', async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    const denial = await denialOf(w.request);
    const late = interrupted(w, 'grants.create', () => deny(w, denial));
    await expect(approve({ ...late, request: w.request }, [grant])).rejects.toMatchObject({ code: 'chain-moved' });
    expect(await w.ports.grants.find(grantId(grant))).toBeUndefined();
  });
});

describe('deny-request', () => {
  test('closes the request, with the denial as evidence', async () => {
    const w = await clinic();
    const denial = await denialOf(w.request);
    expect(await deny(w, denial)).toStrictEqual({ statement: w.request.jws, state: 'denied' });
    expect(await w.ports.requests.find(idOf(w))).toMatchObject({ state: 'denied', grants: [] });
    const event = eventOf('request-denied', patient, { request: idOf(w) }, denial, { evidence: true });
    expect(lastEvent(w, patient)).toEqual(event);
  });

  test('answers a repetition, and refuses another denial, because its entry is not in the chain', async () => {
    const w = await clinic();
    const denial = await denialOf(w.request);
    const first = await deny(w, denial);
    expect(await unchanged(w, () => deny(w, denial))).toEqual(first);
    const other = await denialOf(w.request, { code: 'other' });
    expect(await refused(w, () => deny(w, other))).toEqual({ code: 'request-closed' });
  });

  test('refuses another request in the path, and another hash of the request', async () => {
    const w = await clinic();
    const denial = await denialOf(w.request);
    const sent = { params: { requestId: newId<RequestId>() }, body: { statement: denial.jws } };
    expect(await refused(w, () => send(w, 'deny-request', patient, sent))).toEqual(invalid('request'));
    const of = await denialOf(w.request, { of: b64(32) });
    expect(await refused(w, () => deny(w, of))).toEqual(invalid('of'));
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const denial = await denialOf(w.request, {}, nobody);
    expect(await refused(w, () => deny(w, denial, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => deny(w, denial, patient))).toBe('StatementError wrong-signer');
  });

  test("answers not-found for another patient's request and a missing one", async () => {
    const w = await clinic();
    for (const by of [stranger, recipient]) {
      const denial = await denialOf(w.request, {}, by);
      expect(await refused(w, () => deny(w, denial, by))).toEqual({ code: 'not-found' });
    }
    const none = await denialOf(await requestOf(recipient, [w.folder]));
    expect(await refused(w, () => deny(w, none))).toEqual({ code: 'not-found' });
  });

  test('refuses a request that was approved or has expired', async () => {
    const w = await clinic();
    const denial = await denialOf(w.request);
    const closed = { code: 'request-closed' };
    expect(await refused(w, () => deny(readOnly(w), denial, patient, w.request.payload.until))).toEqual(closed);
    await approve(w, [await answerTo(w)]);
    expect(await refused(w, () => deny(readOnly(w), denial))).toEqual(closed);
  });

  test('refuses the denial if the request is approved meanwhile', async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    const late = interrupted(w, 'requests.deny', () => approve(w, [grant]));
    await expect(deny(late, await denialOf(w.request))).rejects.toMatchObject({ code: 'chain-moved' });
    expect(await w.ports.requests.find(idOf(w))).toMatchObject({ state: 'approved' });
  });
});

describe('an approval depends on the state at its time', () => {
  test('accepts cells that were closed meanwhile, and refuses a receiving key other than the requested one', async () => {
    const w = await clinic();
    const grant = await answerTo(w);
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    const stored = (await w.ports.identities.find(recipient.keys.id))!.statement;
    const changed = interrupted(w, 'grants.create', async () =>
      putIdentity(
        w,
        recipient,
        await identityOf(recipient, { number: 2, previous: stored.hash, receiving: receivingOf(recipient, 2) }),
      ),
    );
    expect(await approve({ ...changed, request: w.request }, [grant])).toEqual({ grants: [viewOf(grant)] });
    const second = await requestOf(recipient, [w.folder], {
      receiving: { number: 2, key: receivingOf(recipient, 2).key },
    });
    await ask(w, second);
    const stale = await grantOf([w.folder], { answers: second });
    const again = { ...w, request: second };
    expect(await refused(w, () => approve(again, [stale]))).toEqual({
      code: 'grant-exceeds-request',
      member: 'receiving',
      statement: 'grants.0.statement',
    });
  });
});
