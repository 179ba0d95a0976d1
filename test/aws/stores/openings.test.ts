import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type GrantId, type IdentityId, type OpeningId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN } from '../../../lib/domain/audit-chain.ts';
import { DAY, MINUTE } from '../../../lib/domain/time.ts';
import type { Payload, Statement } from '../../../lib/statements/kinds.ts';
import type { NewVersion } from '../../../lib/ports/index.ts';
import {
  callOf,
  cellOf,
  eventOf,
  fake,
  file,
  grantOf,
  identityOf,
  makeFolder,
  newIdentity,
  NOW,
  onCommand,
  openStores,
  refusal,
  withKFrags,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

/** A patient with two records in a folder, a recipient, and a grant of the folder's cell. */
const world = async (changes: Partial<Payload<'grant'>> = {}) => {
  const [patient, recipient] = [newIdentity(), newIdentity()];
  const identity = identityOf(recipient);
  await stores.identities.put(identity, undefined, eventOf('registered', recipient), callOf(recipient));
  const folder = await makeFolder(stores, patient);
  const { folder: id } = folder.payload;
  const versions = [await file(stores, { patient, folder: id }), await file(stores, { patient, folder: id })];
  const grant = grantOf(patient, recipient, { cells: [cellOf(id, 1)], ...changes });
  const made = withKFrags(grant);
  await stores.grants.create([made], undefined, [eventOf('access-granted', patient)], callOf(patient));
  return { patient, recipient, identity, folder, versions, grant, kfrag: made.kfrags[0] };
};
type World = Awaited<ReturnType<typeof world>>;

const openingOf = (w: World, opener: IdentityId, changes: Partial<Payload<'opening'>> = {}): Statement<'opening'> =>
  fake('opening', opener, {
    opening: newId<OpeningId>(),
    patient: w.patient,
    opener,
    grant: opener === w.patient ? undefined : w.grant.payload.grant,
    folder: w.folder.payload.folder,
    epoch: 1,
    records: w.versions.map((v) => ({ record: v.upload.record, version: 1 })),
    when: NOW,
    ...changes,
  });

const open = async (opening: Statement<'opening'>, now = NOW) => {
  const seen = await stores.openings.read(opening);
  return stores.openings.record(opening, seen, drafted(opening), callOf(opening.payload.opener, now));
};
const drafted = ({ payload: p, hash }: Statement<'opening'>) =>
  eventOf('records-opened', p.patient, { actor: p.opener, statement: hash });

const usedOf = async (w: World) => (await stores.grants.find(w.grant.payload.grant))?.status.used;
const trailOf = async (w: World) => (await stores.audit.list(w.patient, {}, { limit: 100 })).items;

const revoke = async (w: World) => {
  const { grant, patient } = w.grant.payload;
  const stored = (await stores.grants.find(grant))!;
  const revocation = fake('revocation', patient, { patient, grant, of: w.grant.hash });
  await stores.grants.revoke(stored, revocation, eventOf('grant-revoked', patient), callOf(patient));
};

describe('reading for an opening', () => {
  test('brings everything, in the order of the records, in one trip', async () => {
    const w = await world({ openings: 9 });
    const opening = openingOf(w, w.recipient);
    const calls: string[] = [];
    const restore = onCommand(stores.dynamo, 'BatchGetItemCommand', (run) => {
      calls.push('BatchGet');
      return run();
    });
    const view = await stores.openings.read(opening);
    restore();
    expect(calls).toHaveLength(3);
    const { notBefore, expires } = w.grant.payload;
    expect(view).toMatchObject({
      caller: { statement: w.identity, state: 'active' },
      grant: {
        state: 'active',
        notBefore,
        expires,
        limit: 9,
        used: 0,
        patient: w.patient,
        recipient: w.recipient,
      },
      kfrag: w.kfrag,
      cell: { statement: w.folder, state: 'current' },
      head: { seq: 4 },
      versions: w.versions.map((v) => ({ statement: v.statement, metadata: v.metadata, blob: v.blob })),
      wraps: w.versions.map((v) => v.wrap),
      claim: undefined,
    });
  });

  test('of the patient itself reads no grant', async () => {
    const w = await world();
    const view = await stores.openings.read(openingOf(w, w.patient));
    expect(view).toMatchObject({ caller: undefined, grant: undefined, kfrag: undefined });
    expect(view.wraps).toEqual(w.versions.map((v) => v.wrap));
  });

  test('what is not there is undefined, in its place', async () => {
    const w = await world();
    const stranger = newIdentity();
    const [known] = w.versions;
    const records = [
      { record: newId(), version: 1 },
      { record: known!.upload.record, version: 1 },
      { record: known!.upload.record, version: 2 },
    ] as Payload<'opening'>['records'];
    const view = await stores.openings.read(openingOf(w, stranger, { records, grant: newId<GrantId>() }));
    expect(view.versions.map((v) => v?.statement.hash)).toEqual([undefined, known!.statement.hash, undefined]);
    expect(view.wraps).toEqual([undefined, known!.wrap, undefined]);
    expect([view.caller, view.grant, view.kfrag]).toEqual([undefined, undefined, undefined]);

    const nowhere = await stores.openings.read(openingOf(w, stranger, { folder: newId(), patient: newIdentity() }));
    expect([nowhere.cell, nowhere.wraps, nowhere.head]).toEqual([undefined, [undefined, undefined], EMPTY_CHAIN]);
  });

  test('100 records fit', async () => {
    const w = await world();
    const [known] = w.versions as [NewVersion];
    const others = Array.from({ length: 99 }, () => ({ record: newId(), version: 1 }));
    const records = [...others, { record: known.upload.record, version: 1 }] as Payload<'opening'>['records'];
    const view = await stores.openings.read(openingOf(w, w.recipient, { records }));
    expect(view.versions.findIndex((v) => v !== undefined)).toBe(99);
    expect(view.wraps).toHaveLength(100);
  });
});

describe('recording an opening', () => {
  test('counts every record, and is in the trail of the patient and of the recipient', async () => {
    const w = await world();
    const opening = openingOf(w, w.recipient);
    expect(await open(opening)).toEqual({ repeated: false });
    expect(await usedOf(w)).toBe(2);
    const entry = (await trailOf(w)).at(-1);
    expect(entry?.evidence).toBe(opening.jws);
    expect((await stores.audit.listOwn(w.recipient, {})).items).toEqual([entry]);
    expect((await stores.openings.read(opening)).claim).toEqual({ statement: opening.hash, at: NOW });
  });

  test('takes one trip, and with the reading two', async () => {
    const w = await world();
    const calls: string[] = [];
    const undo = ['GetItemCommand', 'BatchGetItemCommand', 'QueryCommand', 'TransactWriteItemsCommand'].map((command) =>
      onCommand(stores.dynamo, command, (run) => {
        calls.push(command);
        return run();
      }),
    );
    await open(openingOf(w, w.recipient));
    for (const restore of undo) restore();
    expect(calls).toEqual([...Array<string>(3).fill('BatchGetItemCommand'), 'TransactWriteItemsCommand']);
  });

  test("the patient's own is in the trail and counts nowhere", async () => {
    const w = await world();
    expect(await open(openingOf(w, w.patient))).toEqual({ repeated: false });
    expect(await usedOf(w)).toBe(0);
    expect((await trailOf(w)).at(-1)?.event).toContain('records-opened');
    expect((await stores.audit.listOwn(w.patient, {})).items).toEqual([]);
  });

  test('the same again within ten minutes is a repetition, and is not counted', async () => {
    const w = await world();
    const opening = openingOf(w, w.recipient);
    await open(opening);
    const before = await trailOf(w);
    expect(await open(opening, NOW + 10 * MINUTE)).toEqual({ repeated: true });
    expect(await refusal(open(opening, NOW + 10 * MINUTE + 1))).toBe('already-exists');
    expect(await usedOf(w)).toBe(2);
    expect(await trailOf(w)).toEqual(before);
  });

  test('an id belongs to one opening of one opener', async () => {
    const w = await world();
    const opening = openingOf(w, w.recipient);
    await open(opening);
    const other = openingOf(w, w.recipient, { opening: opening.payload.opening, when: NOW + 1 });
    expect(await refusal(open(other))).toBe('already-exists');
    expect(await open(openingOf(w, w.patient, { opening: opening.payload.opening }))).toEqual({ repeated: false });
    expect(await usedOf(w)).toBe(2);
  });

  test('a batch fits under the limit as a whole, or is refused as a whole', async () => {
    const w = await world({ openings: 3 });
    await open(openingOf(w, w.recipient));
    expect(await refusal(open(openingOf(w, w.recipient)))).toBe('grant-ended exhausted');
    const [one] = openingOf(w, w.recipient).payload.records;
    expect(await open(openingOf(w, w.recipient, { records: [one!] }))).toEqual({ repeated: false });
    expect(await refusal(open(openingOf(w, w.recipient, { records: [one!] })))).toBe('grant-ended exhausted');
    expect(await usedOf(w)).toBe(3);
    expect((await trailOf(w)).length).toBe(6);
  });

  test('the reason is that of the grant as it is now, not as it was read', async () => {
    const w = await world();
    const opening = openingOf(w, w.recipient);
    const seen = await stores.openings.read(opening);
    await revoke(w);
    const call = callOf(w.recipient);
    expect(await refusal(stores.openings.record(opening, seen, drafted(opening), call))).toBe('grant-ended revoked');
    expect(await usedOf(w)).toBe(0);
    expect((await stores.openings.read(opening)).claim).toBeUndefined();
  });

  test('the period is from its first to before its last millisecond', async () => {
    const w = await world({ notBefore: NOW, expires: NOW + DAY });
    expect(await refusal(open(openingOf(w, w.recipient), NOW - 1))).toBe('grant-not-begun');
    expect(await open(openingOf(w, w.recipient), NOW)).toEqual({ repeated: false });
    expect(await open(openingOf(w, w.recipient), NOW + DAY - 1)).toEqual({ repeated: false });
    expect(await refusal(open(openingOf(w, w.recipient), NOW + DAY))).toBe('grant-ended expired');
    expect(await usedOf(w)).toBe(4);
  });

  test('a grant that was not read is not counted on', async () => {
    const w = await world();
    const opening = openingOf(w, w.recipient);
    const seen = { ...(await stores.openings.read(opening)), grant: undefined };
    const attempt = stores.openings.record(opening, seen, drafted(opening), callOf(w.recipient));
    expect(await refusal(attempt)).toBe('not-found');
  });
});
