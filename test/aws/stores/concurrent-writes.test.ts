// Tests concurrent writers to the stores: two writers read the same state before either writes, and many writers need the head of one trail.
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type GrantId, type OpeningId, type RecordId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, verifyChain } from '../../../lib/domain/audit-chain.ts';
import type { AuditEntry } from '../../../lib/ports/index.ts';
import {
  b64,
  barrier,
  callOf,
  cellOf,
  eventOf,
  fake,
  file,
  filed,
  folderOf,
  grantOf,
  identityOf,
  makeFolder,
  newIdentity,
  NOW,
  onCommand,
  openStores,
  refusal,
  requestOf,
  versionOf,
  withKFrags,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const undo: (() => void)[] = [];
afterEach(() => {
  for (const restore of undo.splice(0)) restore();
});

/** Makes the first transactions wait until `writers` of them have arrived. */
const startTogether = (writers: number): void => {
  const wait = barrier(writers);
  undo.push(
    onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      await wait();
      return run();
    }),
  );
};

/** Makes the next transaction wait. `arrived` resolves when the transaction has arrived; `release` lets it run. */
const holdNext = () => {
  let arrive = (): void => undefined;
  let release = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  let isNext = true;
  undo.push(
    onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      if (isNext) {
        isNext = false;
        arrive();
        await released;
      }
      return run();
    }),
  );
  return { arrived, release: () => release() };
};

/** The results of all attempts, sorted, because either may win. */
const outcomes = async (...attempts: readonly Promise<unknown>[]): Promise<readonly string[]> =>
  (await Promise.all(attempts.map(refusal))).sort();

const trail = async (patient: ReturnType<typeof newIdentity>): Promise<readonly AuditEntry[]> => {
  const all: AuditEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await stores.audit.list(patient, {}, { cursor, limit: 100 });
    all.push(...page.items);
    if (page.next === undefined) return all;
    cursor = page.next;
  }
};

const kinds = async (patient: ReturnType<typeof newIdentity>): Promise<readonly string[]> =>
  (await trail(patient)).map((e) => (JSON.parse(e.event) as { kind: string }).kind);

describe('two concurrent writers', () => {
  test('of an identity statement: one is stored, the other is outdated', async () => {
    const id = newIdentity();
    const first = identityOf(id);
    const put = (s: typeof first, previous?: string) =>
      stores.identities.put(s, previous, eventOf('registered', id, { statement: s.hash }), callOf(id));
    await put(first);
    const next = ['a', 'b'].map((name) => identityOf(id, { number: 2, previous: first.hash, name }));
    startTogether(2);
    expect(await outcomes(...next.map((s) => put(s, first.hash)))).toEqual(['accepted', 'statement-outdated']);
    verifyChain(id, EMPTY_CHAIN, await trail(id));
    expect(await trail(id)).toHaveLength(2);
  });

  test('of a version: one is stored, the other gets version-conflict', async () => {
    const patient = newIdentity();
    const folder = (await makeFolder(stores, patient)).payload.folder;
    const first = await file(stores, { patient, folder });
    const { record } = first.upload;
    const head = await stores.records.find(record);
    const rivals = [0, 1].map(() => versionOf({ patient, folder, record, head }));
    for (const v of rivals) await stores.uploads.begin(v.upload, callOf(patient));
    startTogether(2);
    const commits = rivals.map((v) => stores.records.commit(v, head, filed(v), callOf(patient)));
    expect(await outcomes(...commits)).toEqual(['accepted', 'version-conflict']);
    expect((await stores.records.versions(record, {})).items).toHaveLength(2);
  });

  describe('a commit and a new epoch at the same time', () => {
    const rivals = async () => {
      const patient = newIdentity();
      const statement = await makeFolder(stores, patient);
      const { folder } = statement.payload;
      const version = versionOf({ patient, folder });
      await stores.uploads.begin(version.upload, callOf(patient));
      const second = folderOf(patient, { folder, epoch: 2, previous: statement.hash });
      return {
        patient,
        record: version.upload.record,
        commit: () => refusal(stores.records.commit(version, undefined, filed(version), callOf(patient))),
        renew: () =>
          refusal(stores.folders.put(second, statement.hash, eventOf('epoch-started', patient), callOf(patient))),
      };
    };

    test('a commit before the epoch is filed in the old cell, which then closes', async () => {
      const { patient, record, commit, renew } = await rivals();
      const hold = holdNext();
      const renewal = renew();
      await hold.arrived;
      expect(await commit()).toBe('accepted');
      hold.release();
      expect(await renewal).toBe('accepted');
      expect(await kinds(patient)).toEqual(['folder-created', 'record-filed', 'epoch-started']);
      expect((await stores.records.versions(record, {})).items).toHaveLength(1);
    });

    test('a commit after the epoch is refused with cell-closed, and files nothing', async () => {
      const { patient, record, commit, renew } = await rivals();
      const hold = holdNext();
      const late = commit();
      await hold.arrived;
      expect(await renew()).toBe('accepted');
      hold.release();
      expect(await late).toBe('cell-closed');
      expect(await kinds(patient)).toEqual(['folder-created', 'epoch-started']);
      expect(await stores.records.find(record)).toBeUndefined();
    });
  });

  test('of an approval and a denial: one succeeds, the others get request-closed', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const request = requestOf(recipient, patient);
    await stores.requests.create(request, eventOf('access-requested', patient), callOf(recipient));
    const stored = (await stores.requests.find(request.payload.request))!;
    const denial = fake('denial', patient, { patient, request: request.payload.request, of: request.hash });
    const grants = [0, 1].map(() => withKFrags(grantOf(patient, recipient)));
    startTogether(3);
    const result = await outcomes(
      stores.requests.deny(stored, denial, eventOf('request-denied', patient), callOf(patient)),
      ...grants.map((g) => stores.grants.create([g], stored, [eventOf('access-granted', patient)], callOf(patient))),
    );
    expect(result).toEqual(['accepted', 'request-closed', 'request-closed']);
    expect(await trail(patient)).toHaveLength(2);
    const found = await Promise.all(grants.map((g) => stores.grants.find(g.statement.payload.grant)));
    const now = (await stores.requests.find(request.payload.request))!;
    expect(found.filter((g) => g !== undefined)).toHaveLength(now.state === 'approved' ? 1 : 0);
  });

  test('of the same grant: it is stored once, and both calls succeed', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const grant = withKFrags(grantOf(patient, recipient));
    startTogether(2);
    const both = await Promise.all(
      [0, 1].map(() => stores.grants.create([grant], undefined, [eventOf('access-granted', patient)], callOf(patient))),
    );
    expect(both.map((w) => w.repeated).sort()).toEqual([false, true]);
    expect(await trail(patient)).toHaveLength(1);
  });

  test('with the same nonce: one succeeds, the other gets replayed', async () => {
    const patient = newIdentity();
    const call = callOf(patient);
    const folders = [folderOf(patient), folderOf(patient)];
    startTogether(2);
    const puts = folders.map((s) => stores.folders.put(s, undefined, eventOf('folder-created', patient), call));
    expect(await outcomes(...puts)).toEqual(['accepted', 'replayed']);
    const stored = await Promise.all(folders.map((s) => stores.folders.find(s.payload.folder)));
    expect(stored.filter((cell) => cell !== undefined)).toHaveLength(1);
  });
});

/** Runs `act` right before the next transaction. */
const rightBefore = (act: () => Promise<unknown>): void => {
  let isNext = true;
  undo.push(
    onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      if (isNext) {
        isNext = false;
        await act();
      }
      return run();
    }),
  );
};

describe('a write that runs inside an ending', () => {
  test('an extension during a revocation leaves no key fragment', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const grant = grantOf(patient, recipient);
    const { grant: id } = grant.payload;
    await stores.grants.create([withKFrags(grant)], undefined, [eventOf('access-granted', patient)], callOf(patient));
    const cell = cellOf();
    const previous = grant.hash;
    const statement = fake('extension', patient, { patient, grant: id, number: 1, previous, cells: [cell] });
    const extension = { statement, kfrags: [b64(310)] };
    rightBefore(() => stores.grants.extend(extension, eventOf('grant-extended', patient), callOf(patient)));
    const stored = (await stores.grants.find(id))!;
    const revocation = fake('revocation', patient, { patient, grant: id, of: grant.hash });
    await stores.grants.revoke(stored, revocation, eventOf('grant-revoked', patient), callOf(patient));
    expect(await stores.grants.find(id)).toMatchObject({ status: { state: 'revoked' }, extended: { number: 1 } });
    await stores.keyFragments.forget(id);
    for (const c of [grant.payload.cells[0]!, cell]) expect(await stores.keyFragments.find(id, c)).toBeUndefined();
    expect(await trail(patient)).toHaveLength(3);
  });

  test('sharing a record alone during its deletion leaves no wrap', async () => {
    const patient = newIdentity();
    const { folder } = (await makeFolder(stores, patient)).payload;
    const filing = await file(stores, { patient, folder });
    const { record } = filing.upload;
    const deletion = fake('deletion', patient, { patient, record, of: filing.statement.hash });
    const head = (await stores.records.find(record))!;
    rightBefore(() => stores.records.delete(head, deletion, eventOf('record-deleted', patient), callOf(patient)));
    const single = folderOf(patient, { single: { record, version: 1, label: b64(32) } });
    const carried = { wrap: filing.wrap, extensions: [] };
    const put = stores.folders.put(single, undefined, eventOf('folder-created', patient), callOf(patient), carried);
    expect(await refusal(put)).toBe('not-found');
    expect(await stores.records.wraps(record)).toEqual([]);
  });
});

const setUpOpenings = async (openings: number | undefined, records = 1) => {
  const [patient, recipient] = [newIdentity(), newIdentity()];
  const folder = newId<FolderId>();
  const grant = grantOf(patient, recipient, { openings, cells: [cellOf(folder, 1)] });
  await stores.grants.create([withKFrags(grant)], undefined, [eventOf('access-granted', patient)], callOf(patient));
  const open = async () => {
    const opening = fake('opening', recipient, {
      opening: newId<OpeningId>(),
      patient,
      opener: recipient,
      grant: grant.payload.grant,
      folder,
      epoch: 1,
      records: Array.from({ length: records }, () => ({ record: newId<RecordId>(), version: 1 })),
    });
    const seen = await stores.openings.read(opening);
    const event = eventOf('records-opened', patient, { actor: recipient, statement: opening.hash });
    return stores.openings.record(opening, seen, event, callOf(recipient));
  };
  const revoke = async () => {
    const id: GrantId = grant.payload.grant;
    const revocation = fake('revocation', patient, { patient, grant: id, of: grant.hash });
    const stored = (await stores.grants.find(id))!;
    return stores.grants.revoke(stored, revocation, eventOf('grant-revoked', patient), callOf(patient));
  };
  const status = async () => (await stores.grants.find(grant.payload.grant))!.status;
  return { patient, grant, open, revoke, status };
};

describe('concurrent openings', () => {
  test('of two openings at the limit, one succeeds and one gets exhausted', async () => {
    const { open, status } = await setUpOpenings(1);
    startTogether(2);
    expect(await outcomes(open(), open())).toEqual(['accepted', 'grant-ended exhausted']);
    expect((await status()).used).toBe(1);
  });

  test('of two batches that together exceed the limit, one succeeds and one gets exhausted', async () => {
    const { open, status } = await setUpOpenings(5, 3);
    startTogether(2);
    expect(await outcomes(open(), open())).toEqual(['accepted', 'grant-ended exhausted']);
    expect((await status()).used).toBe(3);
  });

  test('refuses an opening that reads before a revocation and writes after it', async () => {
    const { patient, open, revoke, status } = await setUpOpenings(undefined);
    const hold = holdNext();
    const opening = refusal(open());
    await hold.arrived;
    expect(await revoke()).toEqual({ repeated: false });
    hold.release();
    expect(await opening).toBe('grant-ended revoked');
    expect(await status()).toMatchObject({ state: 'revoked', used: 0 });
    expect(await trail(patient)).toHaveLength(2);
  });

  test('counts an opening that writes before a revocation; the revocation is the next event', async () => {
    const { patient, open, revoke, status } = await setUpOpenings(undefined);
    const hold = holdNext();
    const revocation = revoke();
    await hold.arrived;
    expect(await open()).toEqual({ repeated: false });
    hold.release();
    expect(await revocation).toEqual({ repeated: false });
    expect(await status()).toMatchObject({ state: 'revoked', used: 1 });
    expect(await kinds(patient)).toEqual(['access-granted', 'records-opened', 'grant-revoked']);
  });

  test('no event follows the revocation in the trail', async () => {
    const { patient, open, revoke } = await setUpOpenings(undefined);
    const openings = Array.from({ length: 6 }, () => refusal(open()));
    await revoke();
    const codes = await Promise.all(openings);
    const all = await kinds(patient);
    expect(all.at(-1)).toBe('grant-revoked');
    expect(all.filter((k) => k === 'records-opened')).toHaveLength(codes.filter((c) => c === 'accepted').length);
    verifyChain(patient, EMPTY_CHAIN, await trail(patient));
  });
});

describe('many writers at the head of one chain', () => {
  const WRITERS = 8;
  const EACH = 25;

  test(`${WRITERS} writers add ${EACH} events each, and each event is in the trail once`, async () => {
    const patient = newIdentity();
    const writer = async (): Promise<readonly string[]> => {
      const hashes: string[] = [];
      while (hashes.length < EACH) {
        const statement = folderOf(patient);
        const event = eventOf('folder-created', patient, { statement: statement.hash });
        // If a writer loses all of its tries, it gets `busy` and makes the same call again, as a client does.
        while ((await refusal(stores.folders.put(statement, undefined, event, callOf(patient)))) === 'busy');
        hashes.push(statement.hash);
      }
      return hashes;
    };
    const written = (await Promise.all(Array.from({ length: WRITERS }, writer))).flat();
    const { events } = verifyChain(patient, EMPTY_CHAIN, await trail(patient));
    expect(events.map((e) => e.statement).sort()).toEqual([...written].sort());
    expect(events.at(-1)).toMatchObject({ seq: WRITERS * EACH, at: NOW });
  });
});
