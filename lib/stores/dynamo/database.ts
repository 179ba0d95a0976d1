// DynamoDB access: reads items, and makes the single-item writes that need no transaction. The decisions of use cases are based on consistent reads by key.
// Only lists read an index, which may lag behind the table.
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
  type KeysAndAttributes,
} from '@aws-sdk/client-dynamodb';
import { fromAttributes, optionalText, toAttribute, toAttributes, type Attributes, type Item } from './item.ts';
import { NORMAL, orBusy, patiently, type Waiting } from '../retry.ts';
import type { Index, Key, Span } from './table.ts';

export interface Tables {
  readonly main: string;
  readonly nonces: string;
}

export interface StoreContext {
  readonly dynamo: DynamoDBClient;
  readonly tables: Tables;
  readonly waiting: Waiting;
}

/** A table and a key in it. The nonce table has no sort key. */
export interface TableKey {
  readonly table: string;
  readonly key: { readonly pk?: string | undefined; readonly sk?: string | undefined };
}

export interface Query {
  readonly index?: Index;
  readonly pk: string;
  readonly span: Span;
  readonly limit?: number;
}

const MOST_KEYS = 100;

const nameOf = ({ table, key }: TableKey): string => `${table} ${key.pk ?? ''} ${key.sk ?? ''}`;

export const getItem = async ({ dynamo, tables }: StoreContext, key: Key): Promise<Item | undefined> => {
  const { Item: found } = await orBusy(() =>
    dynamo.send(new GetItemCommand({ TableName: tables.main, Key: toAttributes({ ...key }), ConsistentRead: true })),
  );
  return found === undefined ? undefined : fromAttributes(found);
};

type Wanted = Record<string, KeysAndAttributes>;

const group = (keys: readonly TableKey[]): Wanted => {
  const wanted: Record<string, { Keys: Attributes[]; ConsistentRead: true }> = {};
  for (const { table, key } of keys) {
    wanted[table] ??= { Keys: [], ConsistentRead: true };
    wanted[table].Keys.push(toAttributes(key));
  }
  return wanted;
};

/** Reads the items of one batch of keys. It calls DynamoDB again for the keys that were not processed, until none is left. */
const getBatch = async (
  { dynamo, waiting }: StoreContext,
  keys: readonly TableKey[],
): Promise<readonly (readonly [string, Item])[]> => {
  const found: (readonly [string, Item])[] = [];
  const pause = patiently(waiting, NORMAL);
  for (let wanted = group(keys); ;) {
    const { Responses = {}, UnprocessedKeys = {} } = await orBusy(() =>
      dynamo.send(new BatchGetItemCommand({ RequestItems: wanted })),
    );
    for (const [table, items] of Object.entries(Responses))
      for (const attributes of items) {
        const item = fromAttributes(attributes);
        found.push([nameOf({ table, key: { pk: optionalText(item, 'pk'), sk: optionalText(item, 'sk') } }), item]);
      }
    if (Object.keys(UnprocessedKeys).length === 0) return found;
    wanted = UnprocessedKeys;
    await pause();
  }
};

/**
 * Reads items of both tables by key, in batches of 100 keys, all batches at once. A key may occur twice.
 * @returns the items in the order of `keys`; undefined for a key that is undefined or has no item
 */
export const getItemsOf = async (
  context: StoreContext,
  keys: readonly (TableKey | undefined)[],
): Promise<readonly (Item | undefined)[]> => {
  const distinct = [...new Map(keys.filter((p) => p !== undefined).map((p) => [nameOf(p), p])).values()];
  const batches = Array.from({ length: Math.ceil(distinct.length / MOST_KEYS) }, (_, i) =>
    getBatch(context, distinct.slice(i * MOST_KEYS, (i + 1) * MOST_KEYS)),
  );
  const found = new Map((await Promise.all(batches)).flat());
  return keys.map((p) => (p === undefined ? undefined : found.get(nameOf(p))));
};

/** Reads items of the main table by key: {@link getItemsOf}. */
export const getItems = (
  context: StoreContext,
  keys: readonly (Key | undefined)[],
): Promise<readonly (Item | undefined)[]> =>
  getItemsOf(
    context,
    keys.map((key) => (key === undefined ? undefined : { table: context.tables.main, key })),
  );

/** Reads at most `limit` items in ascending order of the sort key. `more` tells whether others may follow. The read is consistent unless it reads an index. */
export const query = async (
  { dynamo, tables }: StoreContext,
  { index, pk, span, limit }: Query,
): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> => {
  // A cursor at the end of a span makes the span empty, and DynamoDB refuses an empty BETWEEN.
  if (span.from > span.to) return { items: [], more: false };
  const { Items = [], LastEvaluatedKey } = await orBusy(() =>
    dynamo.send(
      new QueryCommand({
        TableName: tables.main,
        ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
        KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
        ExpressionAttributeNames: { '#pk': partOf('pk', index), '#sk': partOf('sk', index) },
        ExpressionAttributeValues: {
          ':pk': toAttribute(pk),
          ':from': toAttribute(span.from),
          ':to': toAttribute(span.to),
        },
        Limit: limit,
      }),
    ),
  );
  return { items: Items.map(fromAttributes), more: LastEvaluatedKey !== undefined };
};

export const partOf = (part: 'pk' | 'sk', index: Index | undefined): string => `${index ?? ''}${part}`;

/** The sort key right after `sk`: no key of this service sorts between the two. */
export const after = (sk: string): string => `${sk}!`;

/** Reads all items of a span, in as many queries as it takes. */
export const queryAll = async (context: StoreContext, asked: Query): Promise<readonly Item[]> => {
  const all: Item[] = [];
  for (let { span } = asked; ;) {
    const { items, more } = await query(context, { ...asked, span });
    all.push(...items);
    const last = items.at(-1)?.[partOf('sk', asked.index)];
    if (!more || typeof last !== 'string') return all;
    span = { ...span, from: after(last) };
  }
};

/** Sets the member `name` of an item. @returns false if there is no item, or its member has none of the values in `from` */
export const moveItem = async (
  { dynamo, tables }: StoreContext,
  key: Key,
  { name, from, to }: { readonly name: string; readonly from: readonly [string, string]; readonly to: string },
): Promise<boolean> => {
  const update = new UpdateItemCommand({
    TableName: tables.main,
    Key: toAttributes({ ...key }),
    UpdateExpression: 'SET #name = :to',
    ConditionExpression: '#name IN (:from0, :from1)',
    ExpressionAttributeNames: { '#name': name },
    ExpressionAttributeValues: toAttributes({ ':to': to, ':from0': from[0], ':from1': from[1] }),
  });
  try {
    await orBusy(() => dynamo.send(update));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

export const deleteItem = async ({ dynamo, tables }: StoreContext, key: Key): Promise<void> => {
  await orBusy(() => dynamo.send(new DeleteItemCommand({ TableName: tables.main, Key: toAttributes({ ...key }) })));
};
