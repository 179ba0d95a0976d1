import { afterAll, describe, expect, test } from '@jest/globals';
import type { IdentityId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, verifyChain } from '../../../lib/domain/audit-chain.ts';
import { encodeCursor } from '../../../lib/stores/dynamo/page.ts';
import type { AuditEntry, PageRequest } from '../../../lib/ports/index.ts';
import { callOf, eventOf, folderOf, newIdentity, NOW, openStores, refusal } from './harness.ts';

const stores = openStores();
afterAll(stores.close);

/** One event in the chain of `patient`, at a time that need not rise. */
const happen = async (patient: IdentityId, at: number, actor = patient): Promise<void> => {
  const statement = folderOf(patient);
  const event = eventOf('folder-created', patient, { at, actor, statement: statement.hash });
  await stores.folders.put(statement, undefined, event, callOf(patient));
};

const walk = async (
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
  test('pages in the order of the chain, and verifies', async () => {
    const patient = newIdentity();
    for (const at of [5, 3, 9, 1, 7]) await happen(patient, NOW + at);
    const entries = await walk((page) => stores.audit.list(patient, {}, page));
    expect(times(entries)).toEqual([5, 3, 9, 1, 7]);
    const { head } = verifyChain(patient, EMPTY_CHAIN, entries);
    expect(head).toEqual({ seq: 5, hash: entries[4]!.hash });
    expect(await walk((page) => stores.audit.list(newIdentity(), {}, page))).toEqual([]);
  });

  test('a range of time has both ends, whatever the order of the chain', async () => {
    const patient = newIdentity();
    for (const at of [5, 3, 9, 1, 7, 5]) await happen(patient, NOW + at);
    const range = async (from?: number, to?: number) =>
      times(
        await walk((page) =>
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

  test('an actor finds its own events in the chains of others, and nothing else', async () => {
    const [one, two, actor, other] = [newIdentity(), newIdentity(), newIdentity(), newIdentity()];
    await happen(one, NOW + 1);
    await happen(one, NOW + 2, actor);
    await happen(one, NOW + 3, other);
    await happen(two, NOW + 4, actor);
    await happen(actor, NOW + 5);
    await happen(two, NOW + 6, actor);
    const own = await walk((page) => stores.audit.listOwn(actor, page));
    expect(times(own).sort()).toEqual([2, 4, 6]);
    expect(times(await walk((page) => stores.audit.listOwn(one, page)))).toEqual([]);
  });

  test('no cursor leads into the chain of somebody else', async () => {
    const [mine, foreign] = [newIdentity(), newIdentity()];
    for (const patient of [mine, mine, foreign]) await happen(patient, NOW);
    const { items } = await stores.audit.list(mine, {}, { cursor: encodeCursor('E#000000000001') });
    expect(items.map((e) => (JSON.parse(e.event) as { patient: string; seq: number }).seq)).toEqual([2]);
    const late = await stores.audit.list(mine, {}, { cursor: encodeCursor('E#999999999999') });
    expect(late).toEqual({ items: [] });
    const own = await stores.audit.listOwn(newIdentity(), { cursor: encodeCursor(`${foreign}#000000000000`) });
    expect(own).toEqual({ items: [] });
  });

  test('a cursor of another list, or another order, is malformed', async () => {
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
