// Tests batch reads and queries of DynamoDB: order, paging, unprocessed keys and overload.
import type { BatchGetItemCommandInput, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/api/errors.ts';
import { getItem, getItems, getItemsOf, query, queryAll } from '../../../lib/stores/dynamo/database.ts';
import { toAttributes } from '../../../lib/stores/dynamo/item.ts';
import { makeUploads } from '../../../lib/stores/dynamo/uploads.ts';
import { fakeContext, type Sent } from '../fakes.ts';

const keyOf = (n: number) => ({ pk: `P${n}`, sk: 'S' });
const wantedIn = ({ input }: Sent, table = 'main') =>
  (input as BatchGetItemCommandInput).RequestItems?.[table]?.Keys ?? [];
const codeOf = async (attempt: Promise<unknown>) => {
  const error: unknown = await attempt.then(
    () => undefined,
    (e: unknown) => e,
  );
  return error instanceof AppError ? error.code : String(error);
};

describe('reading many items', () => {
  test('keeps the requested order with gaps, and reads no key twice', async () => {
    const { context, sent } = fakeContext((s) => ({
      Responses: {
        main: wantedIn(s)
          .filter((k) => k['pk']?.S !== 'P2')
          .reverse(),
      },
    }));
    const found = await getItems(context, [keyOf(1), keyOf(2), undefined, keyOf(3), keyOf(1)]);
    expect(found).toEqual([keyOf(1), undefined, undefined, keyOf(3), keyOf(1)]);
    expect(sent.map((s) => wantedIn(s).length)).toEqual([3]);
    expect((sent[0]?.input as BatchGetItemCommandInput).RequestItems?.['main']?.ConsistentRead).toBe(true);
  });

  test('makes no call without keys', async () => {
    const { context, sent } = fakeContext(() => ({}));
    expect(await getItems(context, [])).toEqual([]);
    expect(await getItems(context, [undefined])).toEqual([undefined]);
    expect(sent).toEqual([]);
  });

  test('reads at most a hundred keys in one call', async () => {
    const { context, sent } = fakeContext((s) => ({ Responses: { main: wantedIn(s) } }));
    const keys = Array.from({ length: 250 }, (_, n) => keyOf(n));
    expect(await getItems(context, keys)).toEqual(keys);
    expect(sent.map((s) => wantedIn(s).length)).toEqual([100, 100, 50]);
  });

  test('returns items from the right table', async () => {
    const { context } = fakeContext((s) => ({
      Responses: {
        main: [toAttributes({ pk: 'X', sk: 'S', of: 'main' })],
        nonces: wantedIn(s, 'nonces').map(() => toAttributes({ pk: 'X', of: 'nonces' })),
      },
    }));
    const locations = [
      { table: 'nonces', key: { pk: 'X' } },
      { table: 'main', key: { pk: 'X', sk: 'S' } },
    ];
    expect((await getItemsOf(context, locations)).map((i) => i?.['of'])).toEqual(['nonces', 'main']);
  });

  test('repeats unprocessed keys until all items are read', async () => {
    const { context, sent, waits } = fakeContext((s, calls) => {
      const keys = wantedIn(s);
      if (calls > 3) return { Responses: { main: keys } };
      return {
        Responses: { main: keys.slice(0, 1) },
        UnprocessedKeys: { main: { Keys: keys.slice(1), ConsistentRead: true } },
      };
    });
    const keys = Array.from({ length: 6 }, (_, n) => keyOf(n));
    expect(await getItems(context, keys)).toEqual(keys);
    expect(sent.map((s) => wantedIn(s).length)).toEqual([6, 5, 4, 3]);
    expect(waits).toHaveLength(3);
  });

  test('answers busy if keys stay unprocessed', async () => {
    const { context, sent } = fakeContext((s) => ({
      UnprocessedKeys: { main: { Keys: wantedIn(s), ConsistentRead: true } },
    }));
    expect(await codeOf(getItems(context, [keyOf(1)]))).toBe('busy');
    expect(sent).toHaveLength(30);
  });
});

describe('a query', () => {
  test('is consistent on the table, and not on an index', async () => {
    const { context, sent } = fakeContext(() => ({}));
    await query(context, { pk: 'P', span: { from: 'a', to: 'b' } });
    await query(context, { index: 'gsi2', pk: 'P', span: { from: 'a', to: 'b' }, limit: 3 });
    expect(sent.map((s) => s.input)).toMatchObject([
      { ConsistentRead: true, ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' } },
      { IndexName: 'gsi2', Limit: 3, ExpressionAttributeNames: { '#pk': 'gsi2pk', '#sk': 'gsi2sk' } },
    ]);
    expect(sent[1]?.input).not.toHaveProperty('ConsistentRead');
  });

  test('makes no call for an empty span', async () => {
    const { context, sent } = fakeContext(() => ({}));
    expect(await query(context, { pk: 'P', span: { from: 'b', to: 'a' } })).toEqual({ items: [], more: false });
    expect(sent).toEqual([]);
  });

  /** Answers a query with one item per page. */
  const oneByOne = (sortKeys: readonly string[], name: string) => (s: Sent) => {
    const from = (s.input as QueryCommandInput).ExpressionAttributeValues?.[':from']?.S ?? '';
    const left = sortKeys.filter((k) => k >= from);
    const Items = left.slice(0, 1).map((k) => toAttributes({ pk: 'P', [name]: k }));
    return { Items, ...(left.length > 1 ? { LastEvaluatedKey: Items[0] } : {}) };
  };

  test('queryAll reads every page', async () => {
    const { context, sent } = fakeContext(oneByOne(['a', 'b', 'c'], 'sk'));
    const all = await queryAll(context, { pk: 'P', span: { from: 'a', to: 'z' } });
    expect(all.map((i) => i['sk'])).toEqual(['a', 'b', 'c']);
    expect(sent).toHaveLength(3);
  });

  test('listing stale uploads reads every page of every shard', async () => {
    const pages = [1, 2, 3].map((n) => `000000000000${n}#record#upload`);
    const { context } = fakeContext((s) => {
      const { ':pk': pk } = (s.input as QueryCommandInput).ExpressionAttributeValues ?? {};
      if (pk?.S !== 'L#00000#3') return { Items: [] };
      const { Items, ...more } = oneByOne(pages, 'gsi2sk')(s);
      const members = { upload: 'u', record: 'r', version: 1, folder: 'f', epoch: 1, patient: 'p', author: 'a' };
      return { Items: Items.map((i) => ({ ...toAttributes({ ...members, created: 1 }), ...i })), ...more };
    });
    let found = 0;
    for await (const upload of makeUploads(context, () => Promise.reject(new Error('unused'))).stale(1_000)) {
      expect(upload.author).toBe('a');
      found += 1;
    }
    expect(found).toBe(3);
  });
});

describe('an overloaded store', () => {
  test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'TimeoutError'])(
    'answers busy after %s',
    async (name) => {
      const { context } = fakeContext(() => {
        throw Object.assign(new Error('no'), { name });
      });
      expect(await codeOf(getItem(context, keyOf(1)))).toBe('busy');
      expect(await codeOf(getItems(context, [keyOf(1)]))).toBe('busy');
      expect(await codeOf(query(context, { pk: 'P', span: { from: 'a', to: 'b' } }))).toBe('busy');
    },
  );

  test('answers busy also by status or network error, and rethrows other errors', async () => {
    const failing = (error: Error) =>
      codeOf(
        getItem(
          fakeContext(() => {
            throw error;
          }).context,
          keyOf(1),
        ),
      );
    expect(await failing(Object.assign(new Error('no'), { $metadata: { httpStatusCode: 503 } }))).toBe('busy');
    expect(await failing(Object.assign(new Error('no'), { $metadata: { httpStatusCode: 400 } }))).toBe('Error: no');
    expect(await failing(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))).toBe('busy');
  });
});
