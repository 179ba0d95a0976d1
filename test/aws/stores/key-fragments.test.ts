// Tests the store of key fragments: it finds one fragment, and deletes all of a revoked grant, even if these are more than one transaction deletes.
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from '@jest/globals';
import { newId, type GrantId, type OpeningId } from '../../../lib/bytes/ids.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import { grantPk } from '../../../lib/stores/dynamo/table.ts';
import {
  b64,
  callOf,
  cellOf,
  ENV,
  eventOf,
  fake,
  grantOf,
  newIdentity,
  onCommand,
  openStores,
  withKFrags,
} from './harness.ts';

const stores = openStores();
afterAll(stores.close);

const cellsOf = (count: number) => Array.from({ length: count }, () => cellOf());

/** Stores a grant with this number of cells, at most 80. */
const created = async (cells: number) => {
  const grant = withKFrags(grantOf(newIdentity(), newIdentity(), { cells: cellsOf(cells) }));
  const { patient } = grant.statement.payload;
  await stores.grants.create([grant], undefined, [eventOf('access-granted', patient)], callOf(patient));
  return grant;
};

const extend = async ({ payload: { patient, grant } }: Statement<'grant'>, cells: number): Promise<void> => {
  const { number, hash } = (await stores.grants.find(grant))!.extended;
  const added = { number: number + 1, previous: hash, cells: cellsOf(cells) };
  const statement = fake('extension', patient, { patient, grant, ...added });
  const extension = { statement, kfrags: added.cells.map(() => b64(310)) };
  await stores.grants.extend(extension, eventOf('grant-extended', patient), callOf(patient));
};

const revoke = async ({ payload: { patient, grant }, hash }: Statement<'grant'>) => {
  const stored = (await stores.grants.find(grant))!;
  const revocation = fake('revocation', patient, { patient, grant, of: hash });
  return stores.grants.revoke(stored, revocation, eventOf('grant-revoked', patient), callOf(patient));
};

/** How many cells of the grant still have a key fragment in the table. */
const left = async ({ payload: { grant } }: Statement<'grant'>): Promise<number> => {
  const query = new QueryCommand({
    TableName: ENV.MAIN_TABLE,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: grantPk(grant) } },
    ConsistentRead: true,
  });
  const { Items = [] } = await stores.dynamo.send(query);
  return Items.filter((item) => item['kfrag'] !== undefined).length;
};

test('finds a key fragment by its grant and cell, the same that an opening reads', async () => {
  const { statement, kfrags } = await created(2);
  const { grant, patient, recipient, cells } = statement.payload;
  for (const [i, { folder, epoch }] of cells.entries()) {
    expect(await stores.keyFragments.find(grant, { folder, epoch })).toBe(kfrags[i]);
    const opening = { opening: newId<OpeningId>(), patient, opener: recipient, grant, folder, epoch };
    expect((await stores.openings.read(fake('opening', recipient, opening))).keyFragment).toBe(kfrags[i]);
  }
  expect(await stores.keyFragments.find(grant, cellOf())).toBeUndefined();
  expect(await stores.keyFragments.find(grant, { ...cells[0]!, epoch: cells[0]!.epoch + 1 })).toBeUndefined();
  expect(await stores.keyFragments.find(newId<GrantId>(), cells[0]!)).toBeUndefined();
});

describe('key fragments of a revoked grant with more than 80 cells', () => {
  const large = async () => {
    const { statement } = await created(80);
    await extend(statement, 80);
    expect(await left(statement)).toBe(160);
    return statement;
  };

  test('a revocation deletes 80, and forget the others', async () => {
    const grant = await large();
    await revoke(grant);
    expect(await left(grant)).toBe(80);
    await stores.keyFragments.forget(grant.payload.grant);
    expect(await left(grant)).toBe(0);
  });

  test('forget deletes those that an extension added during the revocation', async () => {
    const grant = await large();
    const restore = onCommand(stores.dynamo, 'TransactWriteItemsCommand', async (run) => {
      restore();
      await extend(grant, 3);
      return run();
    });
    await revoke(grant);
    await stores.keyFragments.forget(grant.payload.grant);
    expect(await left(grant)).toBe(0);
  });

  test('forget deletes those that an interrupted call left, and then writes nothing more', async () => {
    const grant = await large();
    await extend(grant, 80);
    await revoke(grant);
    let writes = 0;
    const restore = onCommand(stores.dynamo, 'TransactWriteItemsCommand', (run) => {
      writes += 1;
      return writes === 2 ? Promise.reject(new Error('the process ended')) : run();
    });
    await expect(stores.keyFragments.forget(grant.payload.grant)).rejects.toThrow('the process ended');
    expect(await left(grant)).toBe(80);
    expect(await revoke(grant)).toEqual({ repeated: true });
    await stores.keyFragments.forget(grant.payload.grant);
    expect(await left(grant)).toBe(0);
    writes = 0;
    await stores.keyFragments.forget(grant.payload.grant);
    expect(writes).toBe(0);
    restore();
  });

  test('forget leaves the cells and the extension', async () => {
    const grant = await large();
    await revoke(grant);
    await stores.keyFragments.forget(grant.payload.grant);
    const first = await stores.grants.cells(grant.payload.grant, { limit: 100 });
    const rest = await stores.grants.cells(grant.payload.grant, { limit: 100, cursor: first.next });
    expect(first.items.length + rest.items.length).toBe(160);
    expect([...first.items, ...rest.items].filter((c) => c.extension !== undefined)).toHaveLength(1);
  });
});
