// Writes a long history of a patient in bulk. The stores make the items, against a fake DynamoDB that collects them; then the items are written to a table,
// 25 at a time. No statement is signed, so the SDK refuses the statements, and only raw calls can use the history.
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

const BATCH_SIZE = 25;
const PARALLEL = 4;
/** Keys of the slots that pending requests occupy. All requests of a history are answered, so the seed leaves the slots out. */
const SLOTS = /^(QS|PS|QN)#/;

const nameOf = (key: Stored): string => `${key['pk']?.S ?? ''} ${key['sk']?.S ?? ''}`;

const write = async (dynamo: DynamoDBClient, TableName: string, items: readonly Stored[]): Promise<void> => {
  const RequestItems = { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) };
  const { UnprocessedItems = {} } = await dynamo.send(new BatchWriteItemCommand({ RequestItems }));
  if (Object.keys(UnprocessedItems).length > 0) throw new Error('the local AWS left items unwritten');
};

/** Collects the items that stores write, until `flush` writes them to the table. */
export const makeSeed = (dynamo: DynamoDBClient, table: string) => {
  const items = new Map<string, Stored>();
  const heads = new Map<string, Stored>();
  const collecting = new DynamoDBClient({ region: 'local', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
  const answer = (command: string | undefined, input: object): object => {
    if (command === 'GetItemCommand') return { Item: heads.get(nameOf((input as GetItemCommandInput).Key ?? {})) };
    if (command !== 'TransactWriteItemsCommand') return {};
    for (const { Put } of (input as TransactWriteItemsCommandInput).TransactItems ?? []) {
      if (Put?.TableName !== table || Put.Item === undefined || SLOTS.test(Put.Item['pk']?.S ?? '')) continue;
      (Put.Item['sk']?.S === 'HEAD' ? heads : items).set(nameOf(Put.Item), Put.Item);
    }
    return {};
  };
  collecting.middlewareStack.add(
    (_next, { commandName }) =>
      ({ input }) =>
        Promise.resolve({ output: { $metadata: {}, ...answer(commandName, input) }, response: {} }),
    { step: 'initialize' },
  );

  return {
    stores: makeStores({
      dynamo: collecting,
      env: { MAIN_TABLE: table, NONCE_TABLE: 'nonces', BUCKET: 'bucket' },
    }),
    /** Continues the trail after this stored head. */
    startFrom: (head: Stored): void => void heads.set(nameOf(head), head),
    /** Changes an item that is not written yet. */
    change: (key: { readonly pk: string; readonly sk: string }, changes: Stored): void => {
      const name = `${key.pk} ${key.sk}`;
      items.set(name, { ...items.get(name), ...changes });
    },
    flush: async (): Promise<number> => {
      const all = [...items.values(), ...heads.values()];
      items.clear();
      for (let i = 0; i < all.length; i += BATCH_SIZE * PARALLEL) {
        const batches = Array.from({ length: PARALLEL }, (_, n) =>
          all.slice(i + n * BATCH_SIZE, i + (n + 1) * BATCH_SIZE),
        );
        await Promise.all(batches.filter((b) => b.length > 0).map((b) => write(dynamo, table, b)));
      }
      return all.length;
    },
    size: (): number => items.size,
  };
};
export type Seed = ReturnType<typeof makeSeed>;

/** Creates an empty table with the keys and indexes of the table `like`. */
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
