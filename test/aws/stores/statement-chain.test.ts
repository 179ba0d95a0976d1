// Tests the store of the chains of statements: an entry is stored with its act or not at all, it must follow the last one, and the largest acts fit.
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { QueryCommandInput, TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb';
import { newId, type FolderId, type GrantId, type IdentityId, type OpeningId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, verifyChain } from '../../../lib/domain/audit-chain.ts';
import { NO_ENTRIES, type EntryHead } from '../../../lib/domain/statement-chain.ts';
import type { NewEntry } from '../../../lib/ports/call.ts';
import type { StoredEntry } from '../../../lib/ports/index.ts';
import type { Payload, Statement } from '../../../lib/statements/kinds.ts';
import { companionsLength } from '../../../lib/statements/fields.ts';
import { MOST_IN_ENTRY, MOST_VOID, MOST_VOID_TEXT } from '../../../lib/statements/kinds/entry.ts';
import { encodeCursor } from '../../../lib/stores/dynamo/page.ts';
import { countOf } from '../../support/case-counts.ts';
import {
  actOf,
  b64,
  barrier,
  callOf,
  cellOf,
  entryOf,
  eventOf,
  fake,
  file,
  filed,
  folderOf,
  grantOf,
  headAfter,
  newIdentity,
  NOW,
  onCommand,
  openStores,
  refusal,
  requestOf,
  versionOf,
  withKFrags,
} from './harness.ts';

const RACES = countOf({ small: 5, full: 20, long: 500 });
/** The most items that DynamoDB takes in one transaction. */
const MOST_ITEMS = 100;

const stores = openStores();
afterAll(stores.close);

const undo: (() => void)[] = [];
afterEach(() => {
  for (const restore of undo.splice(0)) restore();
});

const folderEvent = ({ payload, hash }: Statement<'folder'>) =>
  eventOf('folder-created', payload.patient, { statement: hash });

/** Stores a new folder with its entry. */
const putWith = (entry: NewEntry, folder: Statement<'folder'>) =>
  stores.folders.put(folder, folder.payload.previous, folderEvent(folder), actOf(entry));

/** Stores a new folder with the entry that follows `head`, and returns the entry. */
const act = async (id: IdentityId, head: EntryHead = NO_ENTRIES): Promise<NewEntry> => {
  const folder = folderOf(id);
  const entry = entryOf(id, [folder], head);
  await putWith(entry, folder);
  return entry;
};

const actTimes = async (id: IdentityId, count: number): Promise<readonly NewEntry[]> => {
  const entries: NewEntry[] = [];
  for (let n = 0; n < count; n++)
    entries.push(await act(id, entries.length === 0 ? NO_ENTRIES : headAfter(entries.at(-1)!)));
  return entries;
};

const storedAs = ({ statement, statements, voided }: NewEntry): StoredEntry => ({
  entry: statement.jws,
  statements,
  voided,
});

const chainOf = async (id: IdentityId): Promise<readonly StoredEntry[]> => (await stores.chain.list(id, 0, {})).items;
const trailOf = async (id: IdentityId) => (await stores.audit.list(id, {}, {})).items;

/** Makes the first transaction wait until a second one has arrived. */
const startTogether = (): void => {
  const wait = barrier(2);
  undo.push(
    onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      await wait();
      return run();
    }),
  );
};

/** Runs `first` right before the next transaction. */
const rightBefore = (first: () => Promise<unknown>): void => {
  let isNext = true;
  undo.push(
    onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      if (isNext) {
        isNext = false;
        await first();
      }
      return run();
    }),
  );
};

describe('the list of entries', () => {
  test('has the entries in order, with their statements, page by page', async () => {
    const id = newIdentity();
    const entries = (await actTimes(id, 5)).map(storedAs);
    await act(newIdentity());
    const first = await stores.chain.list(id, 0, { limit: 2 });
    const second = await stores.chain.list(id, 0, { limit: 2, cursor: first.next });
    const third = await stores.chain.list(id, 0, { limit: 2, cursor: second.next });
    expect([first.items, second.items, third.items]).toEqual([
      entries.slice(0, 2),
      entries.slice(2, 4),
      entries.slice(4),
    ]);
    expect(third.next).toBeUndefined();
  });

  test('begins after a number, which a cursor cannot change', async () => {
    const id = newIdentity();
    const entries = (await actTimes(id, 4)).map(storedAs);
    expect((await stores.chain.list(id, 2, {})).items).toEqual(entries.slice(2));
    expect((await stores.chain.list(id, 4, {})).items).toEqual([]);
    const page = await stores.chain.list(id, 1, { limit: 2 });
    expect(page.items).toEqual(entries.slice(1, 3));
    expect((await stores.chain.list(id, 1, { limit: 2, cursor: page.next })).items).toEqual(entries.slice(3));
    const early = encodeCursor('S#0000000000');
    expect((await stores.chain.list(id, 3, { cursor: early })).items).toEqual(entries.slice(3));
  });

  test('is empty for an identity without entries, also if it has a trail', async () => {
    const id = newIdentity();
    expect(await stores.chain.list(id, 0, {})).toEqual({ items: [] });
    const folder = folderOf(id);
    await stores.folders.put(folder, undefined, folderEvent(folder), callOf(id));
    expect(await chainOf(id)).toEqual([]);
  });

  test('is read consistently, and so is a single entry', async () => {
    const id = newIdentity();
    const [entry] = await actTimes(id, 1);
    const reads: unknown[] = [];
    for (const command of ['QueryCommand', 'GetItemCommand'])
      undo.push(
        onCommand(stores.dynamo, command, (run, input) => {
          const { ConsistentRead, IndexName } = input as QueryCommandInput;
          reads.push([command, ConsistentRead, IndexName]);
          return run();
        }),
      );
    await stores.chain.list(id, 0, {});
    expect(await stores.chain.has(entry!.statement)).toBe(true);
    expect(reads).toEqual([
      ['QueryCommand', true, undefined],
      ['GetItemCommand', true, undefined],
    ]);
  });

  test('has an entry only if its hash is the stored one', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const [stored, other] = [entryOf(id, [folder]), entryOf(id, [folderOf(id)])];
    await putWith(stored, folder);
    expect(await stores.chain.has(stored.statement)).toBe(true);
    expect(await stores.chain.has(other.statement)).toBe(false);
    expect(await stores.chain.has(entryOf(id, [folder], headAfter(stored)).statement)).toBe(false);
  });

  test('refuses a cursor of another list, and the trail refuses one of this list', async () => {
    const id = newIdentity();
    await actTimes(id, 2);
    for (const key of ['HEAD', 'E#000000000001', 'K#000000000001', 'S#1'])
      expect(await refusal(stores.chain.list(id, 0, { cursor: encodeCursor(key) }))).toBe('malformed-request cursor');
    const cursor = encodeCursor('S#0000000001');
    expect(await refusal(stores.audit.list(id, {}, { cursor }))).toBe('malformed-request cursor');
    expect(await trailOf(id)).toHaveLength(2);
  });
});

describe('an entry', () => {
  test.each<[string, (id: IdentityId, head: EntryHead, folder: Statement) => NewEntry]>([
    ['with number 1 again', (id, _, folder) => entryOf(id, [folder])],
    [
      'with a number too high',
      (id, { number, hash }, folder) => entryOf(id, [folder], { number: number + 1, hash: hash! }),
    ],
    ['with another previous entry', (id, { number }, folder) => entryOf(id, [folder], { number, hash: b64(32) })],
    ['without a previous entry', (id, { number }, folder) => entryOf(id, [folder], { number })],
  ])('%s is refused with chain-moved, and nothing is stored', async (_, make) => {
    const id = newIdentity();
    const entries = await actTimes(id, 2);
    const folder = folderOf(id);
    const entry = make(id, headAfter(entries[1]!), folder);
    expect(await refusal(putWith(entry, folder))).toBe('chain-moved');
    expect(await chainOf(id)).toEqual(entries.map(storedAs));
    expect(await trailOf(id)).toHaveLength(2);
    expect(await stores.folders.find(folder.payload.folder)).toBeUndefined();
  });

  test('that is the first one and has number 2 is refused', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    expect(await refusal(putWith(entryOf(id, [folder], { number: 1, hash: b64(32) }), folder))).toBe('chain-moved');
    expect(await chainOf(id)).toEqual([]);
  });

  test('that is sent again is a repetition, also after later entries', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const entry = entryOf(id, [folder]);
    expect(await putWith(entry, folder)).toEqual({ repeated: false });
    expect(await putWith(entry, folder)).toEqual({ repeated: true });
    const next = await act(id, headAfter(entry));
    expect(await putWith(entry, folder)).toEqual({ repeated: true });
    expect(await chainOf(id)).toEqual([entry, next].map(storedAs));
    expect(await trailOf(id)).toHaveLength(2);
  });

  test('for a change that another entry made is refused', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const first = entryOf(id, [folder]);
    await putWith(first, folder);
    expect(await refusal(putWith(entryOf(id, [folder], headAfter(first)), folder))).toBe('chain-moved');
    expect(await chainOf(id)).toEqual([storedAs(first)]);
  });

  test('is not stored if its act is refused', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const first = entryOf(id, [folder]);
    await putWith(first, folder);
    const rival = folderOf(id, { folder: folder.payload.folder, salt: b64(16) });
    expect(await refusal(putWith(entryOf(id, [rival], headAfter(first)), rival))).toBe('already-exists');
    expect(await chainOf(id)).toEqual([storedAs(first)]);
    await act(id, headAfter(first));
  });

  test('keeps the statements of the entries that it names as void', async () => {
    const id = newIdentity();
    const [folder, void1, void2, void3] = [folderOf(id), folderOf(id), grantOf(id, newIdentity()), folderOf(id)];
    const entry = entryOf(id, [folder], NO_ENTRIES, [[void1, void2], [void3]]);
    await putWith(entry, folder);
    expect(await chainOf(id)).toEqual([
      { entry: entry.statement.jws, statements: [folder.jws], voided: [void1.jws, void2.jws, void3.jws] },
    ]);
  });
});

describe('the head of the chain of statements', () => {
  /** Makes calls that write events to the patient's trail but no entry to its chain: a record, a request of a recipient, and openings by both. */
  const writeWithout = async (patient: IdentityId, folder: FolderId): Promise<number> => {
    const recipient = newIdentity();
    const version = await file(stores, { patient, folder });
    const request = requestOf(recipient, patient);
    const asked = eventOf('access-requested', patient, { actor: recipient, statement: request.hash });
    await stores.requests.create(request, asked, callOf(recipient));
    const opening = fake('opening', patient, {
      opening: newId<OpeningId>(),
      patient,
      opener: patient,
      grant: undefined,
      folder,
      epoch: 1,
      records: [{ record: version.upload.record, version: 1 }],
      when: NOW,
    });
    const seen = await stores.openings.read(opening);
    const opened = eventOf('records-opened', patient, { statement: opening.hash });
    await stores.openings.record(opening, seen, opened, callOf(patient));
    return 3;
  };

  test('stays when others write to the trail', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const first = entryOf(id, [folder]);
    await putWith(first, folder);
    const written = await writeWithout(id, folder.payload.folder);
    const second = await act(id, headAfter(first));
    expect(await chainOf(id)).toEqual([first, second].map(storedAs));
    const trail = await trailOf(id);
    expect(trail).toHaveLength(written + 2);
    verifyChain(id, EMPTY_CHAIN, trail);
  });

  test('begins with the first entry of a trail that has events already', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    await stores.folders.put(folder, undefined, folderEvent(folder), callOf(id));
    const first = await act(id);
    expect(await chainOf(id)).toEqual([storedAs(first)]);
  });

  test('is read again if an event without an entry is written meanwhile', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const first = entryOf(id, [folder]);
    await putWith(first, folder);
    const version = versionOf({ patient: id, folder: folder.payload.folder });
    await stores.uploads.begin(version.upload, callOf(id));
    rightBefore(() => stores.records.commit(version, undefined, filed(version), callOf(id)));
    const second = await act(id, headAfter(first));
    expect(await chainOf(id)).toEqual([first, second].map(storedAs));
    expect(await trailOf(id)).toHaveLength(3);
  });

  test(`takes one of two entries that are written at the same time, and refuses the other with chain-moved, ${RACES} times`, async () => {
    const id = newIdentity();
    let head: EntryHead = NO_ENTRIES;
    for (let n = 1; n <= RACES; n++) {
      const rivals = [0, 1].map(() => {
        const folder = folderOf(id);
        return { folder, entry: entryOf(id, [folder], head) };
      });
      startTogether();
      const results = await Promise.all(rivals.map((r) => refusal(putWith(r.entry, r.folder))));
      for (const restore of undo.splice(0)) restore();
      expect([...results].sort()).toEqual(['accepted', 'chain-moved']);
      const [winner, loser] = results[0] === 'accepted' ? rivals : [rivals[1], rivals[0]];
      head = headAfter(winner!.entry);
      expect((await stores.chain.list(id, n - 1, {})).items).toEqual([storedAs(winner!.entry)]);
      expect(await stores.folders.find(loser!.folder.payload.folder)).toBeUndefined();
    }
    expect(await stores.audit.head(id)).toMatchObject({ seq: RACES });
  });

  test('takes the same entry once if it is sent twice at the same time', async () => {
    const id = newIdentity();
    const folder = folderOf(id);
    const entry = entryOf(id, [folder]);
    startTogether();
    const both = await Promise.all([putWith(entry, folder), putWith(entry, folder)]);
    expect(both.map((w) => w.repeated).sort()).toEqual([false, true]);
    expect(await chainOf(id)).toEqual([storedAs(entry)]);
    expect(await trailOf(id)).toHaveLength(1);
  });
});

describe('the largest acts fit into one transaction, with their entry:', () => {
  /** Counts the items of each transaction from now on. The returned function returns the largest count. */
  const countItems = (): (() => number) => {
    const counts: number[] = [];
    undo.push(
      onCommand(stores.dynamo, 'TransactWriteItemsCommand', (run, input) => {
        counts.push((input as TransactWriteItemsCommandInput).TransactItems!.length);
        return run();
      }),
    );
    return () => Math.max(...counts);
  };

  /** Expects that the chain ends with this entry, and that `items`, the size of its transaction, is from 81 to 100. */
  const expectLast = async (entry: NewEntry, items: number): Promise<void> => {
    expect((await chainOf(entry.statement.payload.id)).at(-1)).toEqual(storedAs(entry));
    expect(items).toBeGreaterThan(80);
    expect(items).toBeLessThanOrEqual(MOST_ITEMS);
  };

  const cells = (count: number) => Array.from({ length: count }, () => cellOf());
  const standing = { standing: { everything: true } } as const;

  const granting = async (changes: Partial<Payload<'grant'>>) => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const grant = grantOf(patient, recipient, changes);
    const entry = entryOf(patient, [grant]);
    const event = eventOf('access-granted', patient, { statement: grant.hash });
    const items = countItems();
    await stores.grants.create([withKFrags(grant)], undefined, [event], actOf(entry));
    return { patient, grant, entry, items: items() };
  };

  test('a standing grant with 80 cells', async () => {
    const { entry, items } = await granting({ cells: cells(80), ...standing });
    await expectLast(entry, items);
  });

  test('an extension by 80 cells', async () => {
    const { patient, grant, entry: first } = await granting(standing);
    const { grant: id } = grant.payload;
    const payload = { patient, grant: id, number: 1, previous: grant.hash, cells: cells(80) };
    const statement = fake('extension', patient, payload);
    const entry = entryOf(patient, [statement], headAfter(first));
    const items = countItems();
    const extension = { statement, kfrags: statement.payload.cells.map(() => b64(310)) };
    await stores.grants.extend(extension, eventOf('grant-extended', patient), actOf(entry));
    await expectLast(entry, items());
  });

  test('a revocation that deletes 80 key fragments', async () => {
    const { patient, grant, entry: first } = await granting({ cells: cells(80), ...standing });
    const revocation = fake('revocation', patient, { patient, grant: grant.payload.grant, of: grant.hash });
    const entry = entryOf(patient, [revocation], headAfter(first));
    const stored = (await stores.grants.find(grant.payload.grant))!;
    const items = countItems();
    await stores.grants.revoke(stored, revocation, eventOf('grant-revoked', patient), actOf(entry));
    await expectLast(entry, items());
  });

  test('an approval with three rights and 80 cells', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const request = requestOf(recipient, patient);
    await stores.requests.create(request, eventOf('access-requested', patient), callOf(recipient));
    const pending = (await stores.requests.find(request.payload.request))!;
    const read = grantOf(patient, recipient, { cells: cells(78), ...standing });
    const named = (['add', 'write'] as const).map((right) =>
      grantOf(patient, recipient, { right, cells: cells(1).map((c) => ({ ...c, kfrags: [] })) }),
    );
    const grants = [withKFrags(read), ...named.map((g) => ({ ...withKFrags(g), kfrags: [] }))];
    const statements = grants.map((g) => g.statement);
    const entry = entryOf(patient, statements);
    const events = statements.map((s) => eventOf('access-granted', patient, { statement: s.hash }));
    const items = countItems();
    await stores.grants.create(grants, pending, events, actOf(entry));
    await expectLast(entry, items());
    expect(await trailOf(patient)).toHaveLength(4);
  });

  test('an epoch with 40 extensions', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const folder = folderOf(patient);
    const first = entryOf(patient, [folder]);
    await putWith(first, folder);
    const grants = Array.from({ length: 40 }, () => grantOf(patient, recipient, standing));
    for (const g of grants)
      await stores.grants.create([withKFrags(g)], undefined, [eventOf('access-granted', patient)], callOf(patient));
    const next = folderOf(patient, { folder: folder.payload.folder, epoch: 2, previous: folder.hash });
    const cell = cellOf(folder.payload.folder, 2);
    const extensions = grants.map((g) => {
      const payload = { patient, grant: g.payload.grant, number: 1, previous: g.hash, cells: [cell] };
      return { statement: fake('extension', patient, payload), kfrags: [b64(310)] };
    });
    const entry = entryOf(patient, [next, ...extensions.map((e) => e.statement)], headAfter(first));
    expect(entry.statements).toHaveLength(MOST_IN_ENTRY);
    const items = countItems();
    await stores.folders.put(next, folder.hash, eventOf('epoch-started', patient), actOf(entry), { extensions });
    await expectLast(entry, items());
  });

  test('a deletion with 90 versions and wraps in its transaction', async () => {
    const patient = newIdentity();
    const folder = folderOf(patient);
    const first = entryOf(patient, [folder]);
    await putWith(first, folder);
    const filing = { patient, folder: folder.payload.folder };
    let last = await file(stores, filing);
    const { record } = last.upload;
    for (let n = 2; n <= 46; n++)
      last = await file(stores, { ...filing, record, head: (await stores.records.find(record))! });
    const head = (await stores.records.find(record))!;
    const deletion = fake('deletion', patient, { patient, record, of: last.statement.hash });
    const entry = entryOf(patient, [deletion], headAfter(first));
    const items = countItems();
    await stores.records.delete(head, deletion, eventOf('record-deleted', patient), actOf(entry));
    await expectLast(entry, items());
    expect(await stores.records.wraps(record)).toEqual([]);
  });

  test('an entry that names the most and the longest void statements', async () => {
    const [patient, recipient] = [newIdentity(), newIdentity()];
    const folder = folderOf(patient);
    const long = () => folderOf(patient, { name: b64(2160) });
    const extension = () => fake('extension', patient, { patient, grant: newId<GrantId>(), cells: cells(1) });
    const folderAct = (): readonly Statement[] => [long(), ...Array.from({ length: MOST_IN_ENTRY - 1 }, extension)];
    const grantAct = (): readonly Statement[] => [
      grantOf(patient, recipient, { cells: cells(80), companions: b64(companionsLength(80)), ...standing }),
    ];
    const lengthOf = (acts: readonly (readonly Statement[])[]) => acts.flat().reduce((n, s) => n + s.jws.length, 0);
    /** Makes as many acts as one entry may name as void. Their number and the length of their statements have a limit. */
    const most = (act: () => readonly Statement[]) => {
      const acts: (readonly Statement[])[] = [];
      for (let next = act(); acts.length < MOST_VOID && lengthOf([...acts, next]) <= MOST_VOID_TEXT; next = act())
        acts.push(next);
      return acts;
    };
    let head: EntryHead = NO_ENTRIES;
    for (const voided of [folderAct, grantAct]) {
      const made = head.number === 0 ? folder : folderOf(patient);
      // The entry names an act of the largest size and, as void, the most statements.
      const own = [made, ...folderAct().slice(1)];
      const entry = entryOf(patient, own, head, most(voided));
      await putWith(entry, made);
      expect((await chainOf(patient)).at(-1)).toEqual(storedAs(entry));
      head = headAfter(entry);
    }
  });
});
