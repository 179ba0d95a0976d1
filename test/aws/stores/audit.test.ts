// Tests the audit store: its lists of a trail by position, by time and by actor, and their cursors.
import { afterAll, describe, expect, test } from '@jest/globals';
import type { IdentityId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, verifyChain } from '../../../lib/domain/audit-chain.ts';
import { encodeCursor } from '../../../lib/stores/dynamo/page.ts';
import type { AuditEntry, PageRequest } from '../../../lib/ports/index.ts';
import { callOf, eventOf, folderOf, newIdentity, NOW, openStores, refusal } from './harness.ts';

const stores = openStores();
afterAll(stores.close);

/** Adds one event to the trail of `patient`. The time may be earlier than that of the event before. */
const addEvent = async (patient: IdentityId, at: number, actor = patient): Promise<void> => {
  const statement = folderOf(patient);
  const event = eventOf('folder-created', patient, { at, actor, statement: statement.hash });
  await stores.folders.put(statement, undefined, event, callOf(patient));
};

const readAll = async (
  list: (page: PageRequest) => Promise<{ items: readonly AuditEntry[]; next?: string }>,
  limit = 2,
): Promise<readonly AuditEntry[]> => {
  const all: AuditEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await list({ cursor, limit });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    all.push(...page.items);
    if (page.next === undefined) return all;
    cursor = page.next;
  }
};
const times = (entries: readonly AuditEntry[]) => entries.map((e) => (JSON.parse(e.event) as { at: number }).at - NOW);

describe('the audit trail', () => {
  test('lists a trail page by page in the order of its chain, and the chain verifies', async () => {
    const patient = newIdentity();
    for (const at of [5, 3, 9, 1, 7]) await addEvent(patient, NOW + at);
    const entries = await readAll((page) => stores.audit.list(patient, {}, page));
    expect(times(entries)).toEqual([5, 3, 9, 1, 7]);
    const { head } = verifyChain(patient, EMPTY_CHAIN, entries);
    expect(head).toEqual({ seq: 5, hash: entries[4]!.hash });
    expect(await readAll((page) => stores.audit.list(newIdentity(), {}, page))).toEqual([]);
  });

  test('lists the events of a time range with both ends included, ordered by time', async () => {
    const patient = newIdentity();
    for (const at of [5, 3, 9, 1, 7, 5]) await addEvent(patient, NOW + at);
    const range = async (from?: number, to?: number) =>
      times(
        await readAll((page) =>
          stores.audit.list(
            patient,
            { from: from === undefined ? undefined : NOW + from, to: to === undefined ? undefined : NOW + to },
            page,
          ),
        ),
      );
    expect(await range(3, 7)).toEqual([3, 5, 5, 7]);
    expect(await range(4, 6)).toEqual([5, 5]);
    expect(await range(6)).toEqual([7, 9]);
    expect(await range(undefined, 4)).toEqual([1, 3]);
    expect(await range(10)).toEqual([]);
    expect(await range(7, 3)).toEqual([]);
  });

  test("lists an actor's own events in the trails of others, and no other event", async () => {
    const [one, two, actor, other] = [newIdentity(), newIdentity(), newIdentity(), newIdentity()];
    await addEvent(one, NOW + 1);
    await addEvent(one, NOW + 2, actor);
    await addEvent(one, NOW + 3, other);
    await addEvent(two, NOW + 4, actor);
    await addEvent(actor, NOW + 5);
    await addEvent(two, NOW + 6, actor);
    const own = await readAll((page) => stores.audit.listOwn(actor, page));
    expect(times(own).sort()).toEqual([2, 4, 6]);
    expect(times(await readAll((page) => stores.audit.listOwn(one, page)))).toEqual([]);
  });

  test("a forged cursor never lists somebody else's trail", async () => {
    const [mine, foreign] = [newIdentity(), newIdentity()];
    for (const patient of [mine, mine, foreign]) await addEvent(patient, NOW);
    const { items } = await stores.audit.list(mine, {}, { cursor: encodeCursor('E#000000000001') });
    expect(items.map((e) => (JSON.parse(e.event) as { patient: string; seq: number }).seq)).toEqual([2]);
    const late = await stores.audit.list(mine, {}, { cursor: encodeCursor('E#999999999999') });
    expect(late).toEqual({ items: [] });
    const own = await stores.audit.listOwn(newIdentity(), { cursor: encodeCursor(`${foreign}#000000000000`) });
    expect(own).toEqual({ items: [] });
  });

  test('refuses a cursor of another list or another order', async () => {
    const patient = newIdentity();
    const byTime = encodeCursor('0000000000001#000000000001');
    const bySeq = encodeCursor('E#000000000001');
    expect(await refusal(stores.audit.list(patient, {}, { cursor: byTime }))).toBe('malformed-request cursor');
    expect(await refusal(stores.audit.list(patient, { from: 0 }, { cursor: bySeq }))).toBe('malformed-request cursor');
    expect(await refusal(stores.audit.listOwn(patient, { cursor: bySeq }))).toBe('malformed-request cursor');
    const head = encodeCursor('HEAD');
    expect(await refusal(stores.audit.list(patient, {}, { cursor: head }))).toBe('malformed-request cursor');
  });
});
