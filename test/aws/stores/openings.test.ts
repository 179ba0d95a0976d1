// Tests the opening store: reading all that an opening needs, counting it, and writing its event and claim.
import type { BatchGetItemCommandOutput } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type GrantId, type IdentityId, type OpeningId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN } from '../../../lib/domain/audit-chain.ts';
import { repeatsEnd } from '../../../lib/domain/opening.ts';
import { NO_ENTRIES } from '../../../lib/domain/statement-chain.ts';
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

/** Stores a patient's folder with two records, a recipient, and a grant for the folder's cell. */
const setUp = async (changes: Partial<Payload<'grant'>> = {}) => {
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
type Setup = Awaited<ReturnType<typeof setUp>>;

const openingOf = (w: Setup, opener: IdentityId, changes: Partial<Payload<'opening'>> = {}): Statement<'opening'> =>
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
  return stores.openings.record(opening, seen, eventFor(opening), callOf(opening.payload.opener, now));
};
const eventFor = ({ payload: p, hash }: Statement<'opening'>) =>
  eventOf('records-opened', p.patient, { actor: p.opener, statement: hash });

const usedOf = async (w: Setup) => (await stores.grants.find(w.grant.payload.grant))?.status.used;
const trailOf = async (w: Setup) => (await stores.audit.list(w.patient, {}, { limit: 100 })).items;

const revoke = async (w: Setup) => {
  const { grant, patient } = w.grant.payload;
  const stored = (await stores.grants.find(grant))!;
  const revocation = fake('revocation', patient, { patient, grant, of: w.grant.hash });
  await stores.grants.revoke(stored, revocation, eventOf('grant-revoked', patient), callOf(patient));
};

type Attributes = NonNullable<BatchGetItemCommandOutput['Responses']>[string][number];
const isGrantCell = ({ pk, sk }: Attributes): boolean =>
  pk?.S?.startsWith('G#') === true && sk?.S?.startsWith('C#') === true;
const isSame = (a: Attributes, b: Attributes): boolean => a['pk']?.S === b['pk']?.S && a['sk']?.S === b['sk']?.S;

describe('reading for an opening', () => {
  test('gives the end of a grant that is revoked between the readings of its state and of its key fragment', async () => {
    const w = await setUp();
    const opening = openingOf(w, w.recipient);
    let first = true;
    const restore = onCommand(stores.dynamo, 'BatchGetItemCommand', async (run) => {
      const before = await run();
      const old = Object.values((before.output as BatchGetItemCommandOutput).Responses ?? {}).flat();
      if (!first || !old.some(isGrantCell)) return before;
      first = false;
      await revoke(w);
      const after = await run();
      const responses = (after.output as BatchGetItemCommandOutput).Responses ?? {};
      const mixed = Object.entries(responses).map(([table, items]) => [
        table,
        items.map((item) => (isGrantCell(item) ? item : (old.find((o) => isSame(o, item)) ?? item))),
      ]);
      return { ...after, output: { ...after.output, Responses: Object.fromEntries(mixed) } };
    });
    const view = await stores.openings.read(opening);
    restore();
    expect(first).toBe(false);
    expect(view.keyFragment).toBeUndefined();
    expect(view.grant).toMatchObject({ state: 'revoked' });
  });

  test('reads everything in one trip, in the order of the records', async () => {
    const w = await setUp({ openings: 9 });
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
      keyFragment: w.kfrag,
      cell: { statement: w.folder, state: 'current' },
      head: { seq: 4 },
      versions: w.versions.map((v) => ({ statement: v.statement, metadata: v.metadata, blob: v.blob })),
      wraps: w.versions.map((v) => v.wrap),
      claim: undefined,
    });
  });

  test('reads no grant if the opener is the patient', async () => {
    const w = await setUp();
    const view = await stores.openings.read(openingOf(w, w.patient));
    expect(view).toMatchObject({ caller: undefined, grant: undefined, keyFragment: undefined });
    expect(view.wraps).toEqual(w.versions.map((v) => v.wrap));
  });

  test('returns undefined at the position of each missing record', async () => {
    const w = await setUp();
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
    expect([view.caller, view.grant, view.keyFragment]).toEqual([undefined, undefined, undefined]);

    const unknown = await stores.openings.read(openingOf(w, stranger, { folder: newId(), patient: newIdentity() }));
    expect([unknown.cell, unknown.wraps, unknown.head]).toEqual([
      undefined,
      [undefined, undefined],
      { ...EMPTY_CHAIN, entries: NO_ENTRIES },
    ]);
  });

  test('reads 100 records', async () => {
    const w = await setUp();
    const [known] = w.versions as [NewVersion];
    const others = Array.from({ length: 99 }, () => ({ record: newId(), version: 1 }));
    const records = [...others, { record: known.upload.record, version: 1 }] as Payload<'opening'>['records'];
    const view = await stores.openings.read(openingOf(w, w.recipient, { records }));
    expect(view.versions.findIndex((v) => v !== undefined)).toBe(99);
    expect(view.wraps).toHaveLength(100);
  });
});

describe('recording an opening', () => {
  test("counts every record, and writes an event to the patient's trail and the recipient's list", async () => {
    const w = await setUp();
    const opening = openingOf(w, w.recipient);
    expect(await open(opening)).toEqual({ repeated: false });
    expect(await usedOf(w)).toBe(2);
    const entry = (await trailOf(w)).at(-1);
    expect(entry?.evidence).toBe(opening.jws);
    expect((await stores.audit.listOwn(w.recipient, {})).items).toEqual([entry]);
    expect((await stores.openings.read(opening)).claim).toEqual({ statement: opening.hash, at: NOW });
  });

  test('writes in one trip, and reads in one more', async () => {
    const w = await setUp();
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

  test("writes an event for the patient's own opening, and counts it for no grant", async () => {
    const w = await setUp();
    expect(await open(openingOf(w, w.patient))).toEqual({ repeated: false });
    expect(await usedOf(w)).toBe(0);
    expect((await trailOf(w)).at(-1)?.event).toContain('records-opened');
    expect((await stores.audit.listOwn(w.patient, {})).items).toEqual([]);
  });

  test('a repeated opening within ten minutes is not counted; a later one is refused', async () => {
    const w = await setUp();
    const opening = openingOf(w, w.recipient);
    await open(opening);
    const before = await trailOf(w);
    expect(await open(opening, NOW + 10 * MINUTE)).toEqual({ repeated: true });
    expect(await refusal(open(opening, NOW + 10 * MINUTE + 1))).toBe('already-exists');
    expect(await usedOf(w)).toBe(2);
    expect(await trailOf(w)).toEqual(before);
  });

  test('the last opening puts the grant on the list of unsettled ones; an early settlement takes it off for a while', async () => {
    const w = await setUp({ openings: 2 });
    await open(openingOf(w, w.recipient));
    const used = (await stores.grants.find(w.grant.payload.grant))!;
    expect([used.status.used, repeatsEnd(used.pace)]).toEqual([2, Math.floor(NOW / 1000 + 1) * 1000 + 10 * MINUTE]);
    const unsettled = async (now: number) =>
      (await stores.grants.unsettled(w.patient, now, {})).items.map((g) => g.statement.hash);
    expect(await unsettled(NOW)).toEqual([w.grant.hash]);
    await stores.grants.settleLater(used, NOW + 9, callOf(w.patient));
    expect([await unsettled(NOW + 8), await unsettled(NOW + 9)]).toEqual([[], [w.grant.hash]]);
    await stores.grants.settle(used, callOf(w.patient));
    expect(await unsettled(NOW + DAY)).toEqual([]);
  });

  test('refuses a second opening of the same opener under the same id', async () => {
    const w = await setUp();
    const opening = openingOf(w, w.recipient);
    await open(opening);
    const other = openingOf(w, w.recipient, { opening: opening.payload.opening, when: NOW + 1 });
    expect(await refusal(open(other))).toBe('already-exists');
    expect(await open(openingOf(w, w.patient, { opening: opening.payload.opening }))).toEqual({ repeated: false });
    expect(await usedOf(w)).toBe(2);
  });

  test('accepts a batch that fits under the limit, or refuses all of it', async () => {
    const w = await setUp({ openings: 3 });
    await open(openingOf(w, w.recipient));
    expect(await refusal(open(openingOf(w, w.recipient)))).toBe('grant-ended exhausted');
    const [one] = openingOf(w, w.recipient).payload.records;
    expect(await open(openingOf(w, w.recipient, { records: [one!] }))).toEqual({ repeated: false });
    expect(await refusal(open(openingOf(w, w.recipient, { records: [one!] })))).toBe('grant-ended exhausted');
    expect(await usedOf(w)).toBe(3);
    expect((await trailOf(w)).length).toBe(6);
  });

  test('refuses with the reason of the current grant, not of the grant as it was read', async () => {
    const w = await setUp();
    const opening = openingOf(w, w.recipient);
    const seen = await stores.openings.read(opening);
    await revoke(w);
    const call = callOf(w.recipient);
    expect(await refusal(stores.openings.record(opening, seen, eventFor(opening), call))).toBe('grant-ended revoked');
    expect(await usedOf(w)).toBe(0);
    expect((await stores.openings.read(opening)).claim).toBeUndefined();
  });

  test('accepts openings from `notBefore` until the millisecond before `expires`', async () => {
    const w = await setUp({ notBefore: NOW, expires: NOW + DAY });
    expect(await refusal(open(openingOf(w, w.recipient), NOW - 1))).toBe('grant-not-begun');
    expect(await open(openingOf(w, w.recipient), NOW)).toEqual({ repeated: false });
    expect(await open(openingOf(w, w.recipient), NOW + DAY - 1)).toEqual({ repeated: false });
    expect(await refusal(open(openingOf(w, w.recipient), NOW + DAY))).toBe('grant-ended expired');
    expect(await usedOf(w)).toBe(4);
  });

  test('refuses an opening if no grant was read', async () => {
    const w = await setUp();
    const opening = openingOf(w, w.recipient);
    const seen = { ...(await stores.openings.read(opening)), grant: undefined };
    const attempt = stores.openings.record(opening, seen, eventFor(opening), callOf(w.recipient));
    expect(await refusal(attempt)).toBe('not-found');
  });
});
