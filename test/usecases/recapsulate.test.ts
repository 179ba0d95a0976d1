// Tests the use case recapsulate: openings by a recipient and by the patient.
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../lib/api/errors.ts';
import { fromBase64url } from '../../lib/bytes/codec.ts';
import { newId, type GrantId, type OpeningId, type RecordId } from '../../lib/bytes/ids.ts';
import { OPENING_SKEW, REPEAT_WINDOW } from '../../lib/domain/opening.ts';
import { DAY, HOUR, MINUTE } from '../../lib/domain/time.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { fragmentHash, verifyServiceStatement } from '../../lib/statements/service-statements.ts';
import { decodeCapsule } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { decapsulateReencrypted } from '../../lib/umbral/delegatee.ts';
import { decodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import {
  deletionOf,
  epochAfter,
  filingOf,
  identityOf,
  receivingOf,
  grantOf,
  nobody,
  NOW,
  openingOf,
  patient,
  recipient,
  revocationOf,
  stranger,
  type Filing,
  type Person,
} from './people.ts';
import {
  clinic,
  eventOf,
  file,
  interrupted,
  lastEvent,
  putFolder,
  readOnly,
  refused,
  send,
  trailOf,
  unchanged,
  type Clinic,
} from './clinic.ts';
import { openOwnWrap, openWrap, type VersionName } from '../support/wraps.ts';

const ended = (reason: string) => ({ code: 'grant-ended', reason });
const invalid = (member: string) => ({ code: 'statement-invalid', member });

const open = (w: Pick<Clinic, 'ports' | 'state'>, opening: Statement<'opening'>, by: Person = recipient, now = NOW) =>
  send(w, 'recapsulate', by, {
    params: { openingId: opening.payload.opening },
    body: { statement: opening.jws },
    now,
  });

/** Returns the recipient's opening of the letter with the clinic's grant. */
const letterOf = (w: Clinic, changes: Parameters<typeof openingOf>[3] = {}, by = recipient) =>
  openingOf(by, w.folder, [w.letter.statement], { grant: w.grant.statement.payload.grant, ...changes });

const makeGrant = async (w: Clinic, ...args: Parameters<typeof grantOf>): Promise<GrantId> => {
  const { statement, body } = await grantOf(...args);
  const { grant } = statement.payload;
  await send(w, 'grant-access', patient, { params: { grantId: grant }, body });
  return grant;
};

const revoke = async (w: Clinic): Promise<void> => {
  const { jws, payload } = await revocationOf(w.grant.statement);
  await send(w, 'revoke-grant', patient, { params: { grantId: payload.grant }, body: { statement: jws } });
};

const remove = async (w: Clinic, { statement }: Filing): Promise<void> => {
  const { jws, payload } = await deletionOf(patient, statement);
  await send(w, 'delete-record', patient, { params: { recordId: payload.record }, body: { statement: jws } });
};

const usedOf = async (w: Clinic, grant = w.grant.statement.payload.grant): Promise<number | undefined> =>
  (await w.ports.grants.find(grant))?.status.used;

type Opened = Awaited<ReturnType<typeof open>>['records'][number];

const nameOf = ({ record, version }: Pick<Opened, 'record' | 'version'>): VersionName => ({
  record: record as RecordId,
  version,
});

/** Decrypts the file key from an opened record, as the recipient does. The companion key comes from the patient. */
const fileKeyOf = ({ wrap, ...version }: Opened, cell: Statement<'folder'>): Uint8Array => {
  const receiving = recipient.keys.receiving(1);
  const delegating = decodePublicKey(fromBase64url(cell.payload.key));
  const capsule = decodeCapsule(fromBase64url(wrap.capsule));
  const cfrag = verifyCFrag(decodeCFrag(fromBase64url(wrap.cfrags![0]!)), {
    capsule,
    delegating,
    verifying: publicKeyOf(patient.keys.kfragSigner),
    receiving: publicKeyOf(receiving),
  });
  return openWrap(wrap, decapsulateReencrypted(receiving, delegating, capsule, [cfrag]), {
    keys: patient.keys,
    cell,
    version: nameOf(version),
  });
};

describe('recapsulate for a recipient', () => {
  test('returns what only the recipient can decrypt, counts the opening, and writes its event with the opening as evidence', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    const { records } = await open(w, opening);
    const [opened] = records;
    const { payload, jws } = w.letter.statement;
    const { metadata, wrap } = w.letter.body;
    expect(records).toStrictEqual([
      {
        record: payload.record,
        version: 1,
        statement: jws,
        metadata,
        wrap: { ...wrap, cfrags: [expect.any(String)] },
        download: { url: expect.any(String), expires: NOW + 5 * MINUTE },
      },
    ]);
    expect(fileKeyOf(opened!, w.folder)).toEqual(w.letter.fileKey);
    expect(w.fetch(opened!.download.url, NOW)).toEqual(w.letter.blob);
    expect(await usedOf(w)).toBe(1);
    const { opening: id, grant, folder, epoch, records: named } = opening.payload;
    const subject = { opening: id, grant: grant!, folder, epoch, records: named };
    expect(lastEvent(w, patient)).toEqual(eventOf('records-opened', recipient, subject, opening, { evidence: true }));
  });

  test('opens several records of a cell in one opening, each with its own file key', async () => {
    const w = await clinic();
    const second = await file(w, patient, await filingOf(patient, w.folder));
    const both = [second.statement, w.letter.statement];
    const opening = await openingOf(recipient, w.folder, both, { grant: w.grant.statement.payload.grant });
    const { records } = await open(w, opening);
    expect(records.map((r) => fileKeyOf(r, w.folder))).toEqual([second.fileKey, w.letter.fileKey]);
    expect(await usedOf(w)).toBe(2);
    expect(trailOf(w, patient).filter((e) => e.kind === 'records-opened')).toHaveLength(1);
  });

  test('signs the fragments of all records in the order of the opening', async () => {
    const w = await clinic();
    const second = await file(w, patient, await filingOf(patient, w.folder));
    const both = [second.statement, w.letter.statement];
    const opening = await openingOf(recipient, w.folder, both, { grant: w.grant.statement.payload.grant });
    const { records, signed } = await open(w, opening);
    const certificate = verifyServiceStatement('proxy-key', signed!.key, await w.ports.serviceSigner.key());
    expect(verifyServiceStatement('recapsulation', signed!.answer, certificate.key)).toEqual({
      opening: opening.hash,
      fragments: records.map(({ wrap: { capsule, cfrags } }) =>
        fragmentHash(fromBase64url(capsule), fromBase64url(cfrags![0]!)),
      ),
      delegation: {
        verifying: (await identityOf(patient)).payload.kfragSigner,
        delegating: w.folder.payload.key,
        receiving: receivingOf(recipient, 1).key,
        kfrag: w.grant.statement.payload.cells[0]!.kfrags[0]!.id,
      },
      when: NOW,
    });
  });

  test('does not count an opening that cannot be signed', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    const answer = () => Promise.reject(new AppError('busy'));
    const ports = { ...w.ports, serviceSigner: { ...w.ports.serviceSigner, answer } };
    expect(await refused(w, () => open({ ...w, ports }, opening))).toEqual({ code: 'busy' });
    expect(await usedOf(w)).toBe(0);
  });

  test('uses the key fragment that is stored, and answers not-found after its deletion', async () => {
    const w = await clinic();
    const { grant } = w.grant.statement.payload;
    const ids = async () => {
      const { records } = await open(w, await letterOf(w));
      return records.map(({ wrap }) => decodeCFrag(fromBase64url(wrap.cfrags![0]!)).fields.id);
    };
    const before = await ids();
    expect(await ids()).toEqual(before);
    const other = await makeGrant(w, [w.folder]);
    const row = w.state.grants.get(grant)!;
    w.state.grants.set(grant, { ...row, kfrags: w.state.grants.get(other)!.kfrags });
    expect(await ids()).not.toEqual(before);
    w.state.grants.set(grant, { ...row, kfrags: new Map() });
    expect(await refused(w, ids)).toEqual({ code: 'not-found' });
  });

  test('opens a cell that was closed after the grant', async () => {
    const w = await clinic();
    await putFolder(w, patient, await epochAfter(patient, w.folder));
    expect((await open(w, await letterOf(w))).records).toHaveLength(1);
  });

  test("returns the author's grant with a version of another author", async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const row = w.state.records.get(record)!;
    const grant = w.grant.statement.jws;
    w.state.records.set(record, { ...row, versions: new Map([[1, { ...row.versions.get(1)!, grant }]]) });
    const { records } = await open(w, await letterOf(w));
    expect(records[0]?.grant).toBe(grant);
  });

  test('refuses another id in the path', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    const sent = { params: { openingId: newId<OpeningId>() }, body: { statement: opening.jws } };
    expect(await refused(w, () => send(w, 'recapsulate', recipient, sent))).toEqual(invalid('opening'));
  });

  test("refuses an opening that is dated too early or too late, with the service's time", async () => {
    const w = await clinic();
    for (const [clock, when] of [
      ['ahead', NOW + OPENING_SKEW + 1],
      ['behind', NOW - REPEAT_WINDOW - OPENING_SKEW],
    ] as const) {
      const opening = await letterOf(w, { when });
      expect(await refused(w, () => open(w, opening))).toEqual({ ...invalid('when'), clock, serverTime: NOW });
    }
    expect((await open(w, await letterOf(w, { when: NOW + OPENING_SKEW }))).records).toHaveLength(1);
  });

  test('refuses an opening that names a record twice', async () => {
    const w = await clinic();
    const { record } = w.letter.statement.payload;
    const twice = { record, version: 1 };
    const opening = await letterOf(w, { records: [twice, twice] });
    expect(await refused(w, () => open(w, opening))).toEqual(invalid('records'));
  });

  test('refuses an unregistered caller and a statement that another identity signed', async () => {
    const w = await clinic();
    const opening = await letterOf(w, {}, nobody);
    expect(await refused(w, () => open(w, opening, nobody))).toEqual({ code: 'not-registered' });
    expect(await refused(w, () => open(w, opening, recipient))).toBe('StatementError wrong-signer');
  });

  test("answers not-found for a grant that is missing, another recipient's, or of another patient", async () => {
    const w = await clinic();
    const unknown = { code: 'not-found' };
    const none = await letterOf(w, { grant: newId<GrantId>() });
    expect(await refused(w, () => open(w, none))).toEqual(unknown);
    const taken = await letterOf(w, {}, stranger);
    expect(await refused(w, () => open(w, taken, stranger))).toEqual(unknown);
    const own = await letterOf(w, {}, patient);
    expect(await refused(w, () => open(w, own, patient))).toEqual(unknown);
    const foreign = await letterOf(w, { patient: stranger.keys.id });
    expect(await refused(w, () => open(w, foreign))).toEqual(unknown);
    // The answer is the same if the grant has a key fragment for a cell of the other patient. No call can store such a fragment.
    const { grant } = w.grant.statement.payload;
    const row = w.state.grants.get(grant)!;
    const [kfrag] = [...row.kfrags.values()];
    const { folder } = w.foreign.payload;
    w.state.grants.set(grant, { ...row, kfrags: new Map([[`${folder}#1`, kfrag!]]) });
    const theirs = await openingOf(recipient, w.foreign, [w.theirs.statement], { grant, patient: stranger.keys.id });
    expect(await refused(w, () => open(w, theirs))).toEqual(unknown);
  });

  test('answers not-found to a recipient without a grant', async () => {
    const w = await clinic();
    const opening = await letterOf(w, { grant: undefined });
    expect(await refused(w, () => open(w, opening))).toEqual({ code: 'not-found' });
  });

  test('answers not-found for a cell that was not granted, whether it exists or not', async () => {
    const w = await clinic();
    const { grant } = w.grant.statement.payload;
    const other = await openingOf(recipient, w.other, [w.scan.statement], { grant });
    expect(await refused(w, () => open(w, other))).toEqual({ code: 'not-found' });
    const later = await letterOf(w, { epoch: 2 });
    expect(await refused(w, () => open(w, later))).toEqual({ code: 'not-found' });
  });

  test('answers not-found if a granted cell belongs to another patient', async () => {
    const w = await clinic();
    const { folder } = w.folder.payload;
    const row = w.state.folders.get(folder)!;
    const foreign = { ...row.cells.get(1)!, statement: w.foreign };
    w.state.folders.set(folder, { ...row, cells: new Map([[1, foreign]]) });
    const opening = await letterOf(w);
    expect(await refused(w, () => open(w, opening))).toEqual({ code: 'not-found' });
  });

  test('refuses a grant that was revoked, has expired, or has not begun', async () => {
    const w = await clinic();
    const late = await letterOf(w, { when: NOW + DAY });
    expect(await refused(w, () => open(w, late, recipient, NOW + DAY))).toEqual(ended('expired'));
    const grant = await makeGrant(w, [w.folder], { notBefore: NOW + 1 });
    const early = await letterOf(w, { grant });
    expect(await refused(w, () => open(w, early))).toEqual({ code: 'grant-not-begun', serverTime: NOW });
    await revoke(w);
    const opening = await letterOf(w);
    expect(await refused(w, () => open(w, opening))).toEqual(ended('revoked'));
  });

  test('a maximum of openings counts records, and refuses an opening that exceeds it as a whole', async () => {
    const w = await clinic();
    const second = await file(w, patient, await filingOf(patient, w.folder));
    const third = await file(w, patient, await filingOf(patient, w.folder));
    const grant = await makeGrant(w, [w.folder], { openings: 3 });
    const batch = [w.letter, second].map((f) => f.statement);
    await open(w, await openingOf(recipient, w.folder, batch, { grant }));
    const over = await openingOf(recipient, w.folder, batch, { grant });
    expect(await refused(w, () => open(readOnly(w), over))).toEqual(ended('exhausted'));
    const last = await openingOf(recipient, w.folder, [third.statement], { grant });
    await open(w, last);
    expect(await usedOf(w, grant)).toBe(3);
    const more = await openingOf(recipient, w.folder, [third.statement], { grant });
    expect(await refused(w, () => open(readOnly(w), more))).toEqual(ended('exhausted'));
  });

  test('answers a repetition within ten minutes without counting it, also of the last opening', async () => {
    const w = await clinic();
    const grant = await makeGrant(w, [w.folder], { openings: 1 });
    const opening = await letterOf(w, { grant });
    await open(w, opening);
    const again = await unchanged(w, () => open(readOnly(w), opening, recipient, NOW + REPEAT_WINDOW));
    expect(fileKeyOf(again.records[0]!, w.folder)).toEqual(w.letter.fileKey);
  });

  test('refuses a repetition after ten minutes or after the end of the grant', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    await open(w, opening);
    const later = NOW + REPEAT_WINDOW + 1;
    expect(await refused(w, () => open(w, opening, recipient, later))).toEqual({ code: 'already-exists' });
    await revoke(w);
    expect(await refused(w, () => open(w, opening))).toEqual(ended('revoked'));
  });

  test('refuses the id of another opening of the same opener', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    await open(w, opening);
    const other = await letterOf(w, { opening: opening.payload.opening, when: NOW + 1 });
    expect(await refused(w, () => open(w, other))).toEqual({ code: 'already-exists' });
  });

  test('a claim is stored longer than any opening with its id can be accepted', async () => {
    const w = await clinic();
    const opening = await letterOf(w, { when: NOW + OPENING_SKEW });
    await open(w, opening);
    w.forgetClaims(NOW + HOUR - 1);
    const late = NOW + OPENING_SKEW + REPEAT_WINDOW;
    expect(await refused(w, () => open(w, opening, recipient, late))).toEqual({ code: 'already-exists' });
    w.forgetClaims(NOW + HOUR + 1000);
    expect(await refused(w, () => open(w, opening, recipient, NOW + HOUR))).toMatchObject(invalid('when'));
  });

  test('refuses more than twenty openings of a grant in a second, but no repetition and no opening by the patient', async () => {
    const w = await clinic();
    const first = await letterOf(w);
    await open(w, first);
    for (let i = 1; i < 20; i++) await open(w, await letterOf(w));
    const next = await letterOf(w);
    expect(await refused(w, () => open(w, next))).toEqual({ code: 'too-many', retryAfter: 1 });
    expect((await open(w, first)).records).toHaveLength(1);
    const own = await openingOf(patient, w.folder, [w.letter.statement]);
    expect((await open(w, own, patient)).records).toHaveLength(1);
    expect((await open(w, next, recipient, NOW + 1000)).records).toHaveLength(1);
    expect(await usedOf(w)).toBe(21);
  });

  test('counts an opening that is sent twice in parallel once', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    const late = interrupted(w, 'openings.record', () => open(w, opening));
    expect((await open(late, opening)).records).toHaveLength(1);
    expect(await usedOf(w)).toBe(1);
  });

  test('refuses an opening if the grant is revoked before the opening is counted', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    const late = interrupted(w, 'openings.record', () => revoke(w));
    await expect(open(late, opening)).rejects.toMatchObject({ code: 'grant-ended', details: { reason: 'revoked' } });
    expect(await usedOf(w)).toBe(0);
  });

  test('refuses the second of two parallel openings if one is left', async () => {
    const w = await clinic();
    const grant = await makeGrant(w, [w.folder], { openings: 1 });
    const [one, two] = [await letterOf(w, { grant }), await letterOf(w, { grant })];
    const late = interrupted(w, 'openings.record', () => open(w, one));
    await expect(open(late, two)).rejects.toMatchObject({ code: 'grant-ended', details: { reason: 'exhausted' } });
    expect(await usedOf(w, grant)).toBe(1);
  });

  test('refuses the whole opening if a record is missing, and names the missing records', async () => {
    const w = await clinic();
    const grant = await makeGrant(w, [w.folder, w.other]);
    const record = newId();
    const { record: letter } = w.letter.statement.payload;
    const { record: scan } = w.scan.statement.payload;
    for (const [records, ids] of [
      [
        [
          { record: letter, version: 1 },
          { record, version: 1 },
        ],
        [record],
      ],
      [[{ record: letter, version: 2 }], [letter]],
      // The first record belongs to the same patient, and a grant covers it, but it is in another cell.
      [
        [
          { record: scan, version: 1 },
          { record: letter, version: 1 },
        ],
        [scan],
      ],
    ] as const) {
      const opening = await letterOf(w, { grant, records: records as never });
      expect(await refused(w, () => open(w, opening))).toEqual({ code: 'not-found', ids });
    }
  });

  test('answers not-found for a deleted record', async () => {
    const w = await clinic();
    const opening = await letterOf(w);
    const ids = [w.letter.statement.payload.record];
    await remove(w, w.letter);
    expect(await refused(w, () => open(w, opening))).toEqual({ code: 'not-found', ids });
  });

  test.each<[string, (w: Clinic) => void]>([
    [
      'without metadata',
      (w) => {
        const row = w.state.records.get(w.letter.statement.payload.record)!;
        const { metadata: _, ...version } = row.versions.get(1)!;
        w.state.records.set(row.head.record, { ...row, versions: new Map([[1, version]]) });
      },
    ],
    [
      'without a wrap',
      (w) => {
        const row = w.state.records.get(w.letter.statement.payload.record)!;
        w.state.records.set(row.head.record, { ...row, wraps: [] });
      },
    ],
    [
      'that is marked as deleted',
      (w) => {
        const row = w.state.records.get(w.letter.statement.payload.record)!;
        const version = { ...row.versions.get(1)!, state: 'deleted' as const };
        w.state.records.set(row.head.record, { ...row, versions: new Map([[1, version]]) });
      },
    ],
    [
      'of another patient',
      (w) => {
        const row = w.state.records.get(w.letter.statement.payload.record)!;
        const version = { ...row.versions.get(1)!, statement: w.theirs.statement };
        w.state.records.set(row.head.record, { ...row, versions: new Map([[1, version]]) });
      },
    ],
  ])('answers not-found for a record %s', async (_how, spoil) => {
    const w = await clinic();
    spoil(w);
    const opening = await letterOf(w);
    const ids = [w.letter.statement.payload.record];
    expect(await refused(w, () => open(w, opening))).toEqual({ code: 'not-found', ids });
  });
});

describe('recapsulate for the patient itself', () => {
  const ownOf = (w: Clinic, changes: Parameters<typeof openingOf>[3] = {}, by = patient) =>
    openingOf(by, w.folder, [w.letter.statement], changes);

  test('returns the wraps without fragments, writes an event, and counts nothing', async () => {
    const w = await clinic();
    const opening = await ownOf(w);
    const { records, ...rest } = await open(w, opening, patient);
    expect(rest).toEqual({});
    expect(records[0]?.wrap).toStrictEqual(w.letter.body.wrap);
    const { wrap, ...version } = records[0]!;
    expect(openOwnWrap(wrap, { keys: patient.keys, cell: w.folder, version: nameOf(version) })).toEqual(
      w.letter.fileKey,
    );
    expect(await usedOf(w)).toBe(0);
    const { opening: id, folder, epoch, records: named } = opening.payload;
    const subject = { opening: id, folder, epoch, records: named };
    expect(lastEvent(w, patient)).toStrictEqual(
      eventOf('records-opened', patient, subject, opening, { evidence: true }),
    );
  });

  test('answers a repetition within ten minutes without another event', async () => {
    const w = await clinic();
    const opening = await ownOf(w);
    const first = await open(w, opening, patient);
    expect(await unchanged(w, () => open(w, opening, patient))).toEqual(first);
  });

  test("answers not-found for another patient's folder and a missing cell", async () => {
    const w = await clinic();
    const theirs = await ownOf(w, {}, stranger);
    expect(await refused(w, () => open(w, theirs, stranger))).toEqual({ code: 'not-found' });
    const cell = await openingOf(patient, w.foreign, [w.theirs.statement]);
    expect(await refused(w, () => open(w, cell, patient))).toEqual({ code: 'not-found' });
    const none = await ownOf(w, { epoch: 2 });
    expect(await refused(w, () => open(w, none, patient))).toEqual({ code: 'not-found' });
  });

  test("answers not-found for another patient's record", async () => {
    const w = await clinic();
    const { record } = w.theirs.statement.payload;
    const opening = await ownOf(w, { records: [{ record, version: 1 }] });
    expect(await refused(w, () => open(w, opening, patient))).toEqual({ code: 'not-found', ids: [record] });
  });
});

test('accepts an opening id that another opener has used', async () => {
  const w = await clinic();
  const opening = await letterOf(w);
  await open(w, opening);
  const same = await openingOf(patient, w.folder, [w.letter.statement], { opening: opening.payload.opening });
  expect((await open(w, same, patient)).records).toHaveLength(1);
});
