// A patient with a long history, written in bulk. The stores themselves make the items, against a DynamoDB that only remembers what is put into it;
// what it remembers goes into a table of the test's own, 25 items at a time. Nothing is signed, so no SDK will take it: for whoever calls the service bare.
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
  type AttributeValue,
  type GetItemCommandInput,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { newId } from '../../../lib/bytes/ids.ts';
import { makeStores } from '../../../lib/stores/index.ts';

export type Stored = Record<string, AttributeValue>;

const AT_ONCE = 25;
const SIDE_BY_SIDE = 4;
/** What a request takes up until it is answered. All of these were. */
const SLOTS = /^(QS|PS|QN)#/;

const nameOf = (key: Stored): string => `${key['pk']?.S ?? ''} ${key['sk']?.S ?? ''}`;

const write = async (dynamo: DynamoDBClient, TableName: string, items: readonly Stored[]): Promise<void> => {
  const RequestItems = { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) };
  const { UnprocessedItems = {} } = await dynamo.send(new BatchWriteItemCommand({ RequestItems }));
  if (Object.keys(UnprocessedItems).length > 0) throw new Error('the local AWS left items unwritten');
};

/** @param change what becomes of an item before it is written */
export const makeSeed = (dynamo: DynamoDBClient, table: string) => {
  const items = new Map<string, Stored>();
  const heads = new Map<string, Stored>();
  const remembering = new DynamoDBClient({ region: 'local', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
  const answer = (command: string | undefined, input: object): object => {
    if (command === 'GetItemCommand') return { Item: heads.get(nameOf((input as GetItemCommandInput).Key ?? {})) };
    if (command !== 'TransactWriteItemsCommand') return {};
    for (const { Put } of (input as TransactWriteItemsCommandInput).TransactItems ?? []) {
      if (Put?.TableName !== table || Put.Item === undefined || SLOTS.test(Put.Item['pk']?.S ?? '')) continue;
      (Put.Item['sk']?.S === 'HEAD' ? heads : items).set(nameOf(Put.Item), Put.Item);
    }
    return {};
  };
  remembering.middlewareStack.add(
    (_next, { commandName }) =>
      ({ input }) =>
        Promise.resolve({ output: { $metadata: {}, ...answer(commandName, input) }, response: {} }),
    { step: 'initialize' },
  );

  return {
    stores: makeStores({
      dynamo: remembering,
      env: { MAIN_TABLE: table, NONCE_TABLE: 'nonces', BUCKET: 'bucket' },
    }),
    /** Goes on behind what is stored. */
    startFrom: (head: Stored): void => void heads.set(nameOf(head), head),
    /** Changes an item that is not written yet. */
    change: (key: { readonly pk: string; readonly sk: string }, changes: Stored): void => {
      const name = `${key.pk} ${key.sk}`;
      items.set(name, { ...items.get(name), ...changes });
    },
    flush: async (): Promise<number> => {
      const all = [...items.values(), ...heads.values()];
      items.clear();
      for (let i = 0; i < all.length; i += AT_ONCE * SIDE_BY_SIDE) {
        const batches = Array.from({ length: SIDE_BY_SIDE }, (_, n) =>
          all.slice(i + n * AT_ONCE, i + (n + 1) * AT_ONCE),
        );
        await Promise.all(batches.filter((b) => b.length > 0).map((b) => write(dynamo, table, b)));
      }
      return all.length;
    },
    held: (): number => items.size,
  };
};
export type Seed = ReturnType<typeof makeSeed>;

/** A table like the main one, for a test that fills it. */
export const makeTable = async (dynamo: DynamoDBClient, like: string): Promise<string> => {
  const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: like }));
  const TableName = `${like}-${newId()}`;
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes = [] } = Table!;
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
        IndexName: index.IndexName,
        KeySchema: index.KeySchema,
        Projection: index.Projection,
      })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 30, minDelay: 0.1, maxDelay: 1 }, { TableName });
  return TableName;
};
