// Tests checks of a call that run at the same time as its other checks, or as a second call: the refusal does not depend on which of them ends first.
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../lib/api/errors.ts';
import { newId, type FolderId } from '../../lib/bytes/ids.ts';
import { OPENINGS_A_SECOND } from '../../lib/domain/opening.ts';
import { SECOND } from '../../lib/domain/time.ts';
import { whileRegistered } from '../../lib/usecases/checks/caller.ts';
import type { StoredIdentity } from '../../lib/ports/index.ts';
import {
  delegated,
  epochAfter,
  filingOf,
  grantOf,
  NOW,
  openingOf,
  patient,
  recipient,
  requestOf,
  signed,
  type Person,
  companionsOf,
} from './people.ts';
import {
  begin,
  clinic,
  commit,
  interrupted,
  putFolder,
  readOnly,
  refused,
  send,
  trailOf,
  unchanged,
  uploaded,
  type Clinic,
} from './clinic.ts';

describe('whileRegistered', () => {
  const slowly = (found: StoredIdentity | undefined) => ({
    find: () => new Promise<StoredIdentity | undefined>((resolve) => setTimeout(() => resolve(found), 5)),
  });

  test('throws the error of work that fails before the caller is found, without an unhandled rejection', async () => {
    const w = await clinic();
    const known = await w.ports.identities.find(patient.keys.id);
    const lost: unknown[] = [];
    const listen = (reason: unknown): void => void lost.push(reason);
    process.on('unhandledRejection', listen);
    const failing = Promise.reject(new AppError('not-found'));
    await expect(whileRegistered(slowly(known), patient.keys.id, failing)).rejects.toMatchObject({ code: 'not-found' });
    process.off('unhandledRejection', listen);
    expect(lost).toEqual([]);
  });

  test('refuses an unregistered caller with not-registered, however the work failed', async () => {
    const failing = Promise.reject(new AppError('not-found'));
    await expect(whileRegistered(slowly(undefined), patient.keys.id, failing)).rejects.toMatchObject({
      code: 'not-registered',
    });
  });
});

describe('extending a grant', () => {
  const ready = async () => {
    const w = await clinic();
    const epoch = await epochAfter(patient, w.folder);
    await putFolder(w, patient, epoch);
    const { cell, kfrag } = delegated(patient, epoch, recipient);
    const { payload, hash } = w.grant.statement;
    const statement = await signed(
      'extension',
      {
        patient: patient.keys.id,
        grant: payload.grant,
        number: 1,
        previous: hash,
        cells: [cell],
        companions: companionsOf(1),
        issued: NOW,
      },
      {},
      patient,
    );
    const extend = (to: Pick<Clinic, 'ports' | 'state'>) =>
      send(to, 'extend-grant', patient, {
        params: { grantId: payload.grant },
        body: { statement: statement.jws, kfrags: [kfrag] },
      });
    return { w, statement, extend };
  };

  test('twice in parallel extends once, and both calls return the current grant', async () => {
    const { w, statement, extend } = await ready();
    const late = interrupted(w, 'grants.extend', async () => {
      await extend(w);
      const { grant } = statement.payload;
      const row = w.state.grants.get(grant)!;
      w.state.grants.set(grant, { ...row, status: { ...row.status, used: 3 } });
    });
    expect(await extend(late)).toMatchObject({ extensions: 1, tip: statement.hash, used: 3 });
    expect(trailOf(w, patient).filter((e) => e.kind === 'grant-extended')).toHaveLength(1);
  });

  test('again makes no write', async () => {
    const { w, statement, extend } = await ready();
    await extend(w);
    expect(await unchanged(w, () => extend(readOnly(w)))).toMatchObject({ extensions: 1, tip: statement.hash });
  });
});

describe('approving', () => {
  const folders = (count: number): FolderId[] => Array.from({ length: count }, () => newId<FolderId>());

  /** Sends a request, and makes the grants that answer it: one to read `count` cells that do not exist, and one to add to the folder. */
  const answer = async (w: Clinic, count: number) => {
    const { cell } = delegated(patient, w.folder, recipient);
    const names = folders(count);
    const cells = names.map((folder) => ({ ...cell, folder }));
    const kfrags = names.map(() => 'A'.repeat(414));
    const request = await requestOf(recipient, [w.folder], { rights: ['read', 'add'] });
    const { request: requestId } = request.payload;
    await send(w, 'request-access', recipient, { params: { requestId }, body: { statement: request.jws } });
    const read = await grantOf([], { answers: request, cells, kfrags });
    const add = await grantOf([], { answers: request, right: 'add', cells: [{ ...cell, kfrags: [] }], kfrags: [] });
    return { names, requestId, grants: [read.body, add.body] };
  };
  const approve = (w: Clinic, { requestId, grants }: Awaited<ReturnType<typeof answer>>) =>
    send(w, 'approve-request', patient, { params: { requestId }, body: { grants } });

  test('accepts 80 cells in all grants together, and refuses 81', async () => {
    const w = await clinic();
    const full = await answer(w, 79);
    expect(await refused(w, () => approve(w, full))).toEqual({
      code: 'not-found',
      ids: full.names,
      statement: 'grants.0.statement',
    });
    const over = await answer(w, 80);
    expect(await refused(w, () => approve(w, over))).toEqual({ code: 'statement-invalid', member: 'cells' });
  });

  test('refuses grants that answered another request', async () => {
    const w = await clinic();
    const grant = await grantOf([w.folder], { answers: w.request });
    const { request } = w.request.payload;
    const body = { grants: [grant.body] };
    await send(w, 'approve-request', patient, { params: { requestId: request }, body });
    const other = await requestOf(recipient, [w.folder]);
    const { request: requestId } = other.payload;
    await send(w, 'request-access', recipient, { params: { requestId }, body: { statement: other.jws } });
    const sent = { params: { requestId }, body };
    expect(await refused(w, () => send(w, 'approve-request', patient, sent))).toEqual({
      code: 'grant-exceeds-request',
      member: 'request',
      statement: 'grants.0.statement',
    });
  });
});

describe('filing under a grant', () => {
  test('returns not-found if the version was deleted right after the commit', async () => {
    const w = await clinic();
    const { cell } = delegated(patient, w.folder, recipient);
    const grant = await grantOf([], { right: 'add', cells: [{ ...cell, kfrags: [] }], kfrags: [] });
    const { grant: id } = grant.statement.payload;
    await send(w, 'grant-access', patient, { params: { grantId: id }, body: grant.body });
    const named = { id, hash: grant.statement.hash };
    const filing = await filingOf(recipient, w.folder, { patient: patient.keys.id, grant: named });
    await begin(w, recipient, filing, { grant: id });
    await uploaded(w, recipient, filing);
    const version = () => Promise.resolve(undefined);
    const blind = { state: w.state, ports: { ...w.ports, records: { ...w.ports.records, version } } };
    await expect(commit(blind, recipient, filing)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('the rate limit of openings', () => {
  const opening = (w: Clinic, by: Person = recipient) => {
    const { grant } = w.grant.statement.payload;
    return openingOf(by, w.folder, [w.letter.statement], { grant });
  };
  const open = (w: Pick<Clinic, 'ports' | 'state'>, { jws, payload }: Awaited<ReturnType<typeof opening>>, now = NOW) =>
    send(w, 'recapsulate', recipient, { params: { openingId: payload.opening }, body: { statement: jws }, now });

  test('refuses more openings in a second, but answers a repetition of a counted one', async () => {
    const w = await clinic();
    const { grant } = w.grant.statement.payload;
    const counted = await opening(w);
    await open(w, counted);
    expect(w.state.grants.get(grant)?.pace).toEqual({ second: NOW / SECOND, count: 1 });
    const row = w.state.grants.get(grant)!;
    w.state.grants.set(grant, { ...row, pace: { ...row.pace, count: OPENINGS_A_SECOND } });
    const more = await opening(w);
    expect(await refused(w, () => open(readOnly(w), more))).toEqual({ code: 'too-many', retryAfter: 1 });
    expect(await refused(w, () => open(w, more, NOW + SECOND - 1))).toEqual({ code: 'too-many', retryAfter: 1 });
    expect((await open(w, counted)).records).toHaveLength(1);
    expect((await open(w, more, NOW + SECOND)).records).toHaveLength(1);
  });
});
