// Tests a list over two spans of an index if DynamoDB ends the first query early, as it does at a megabyte.
import { expect, test } from '@jest/globals';
import type { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { StoreContext } from '../../../lib/stores/dynamo/database.ts';
import { pageOfAll } from '../../../lib/stores/dynamo/page.ts';

/** Two items fill the "megabyte" of a query. */
const MEGABYTE = 2;
const KEYS = ['active#1', 'active#2', 'active#3', 'paused#1'];

const context = {
  tables: { main: 'main', nonces: 'nonces' },
  waiting: { rng: (n: number) => new Uint8Array(n), sleep: () => Promise.resolve() },
  dynamo: {
    send: ({ input }: QueryCommand) => {
      const { ':from': from, ':to': to } = input.ExpressionAttributeValues!;
      const found = KEYS.filter((k) => k >= from!.S! && k <= to!.S!);
      const items = found.slice(0, Math.min(input.Limit!, MEGABYTE));
      const rest = items.length < found.length;
      return Promise.resolve({
        Items: items.map((k) => ({ gsi1sk: { S: k } })),
        ...(rest ? { LastEvaluatedKey: {} } : {}),
      });
    },
  },
} as unknown as StoreContext;

test('all items are listed although DynamoDB ended the first query early', async () => {
  const spans = ['active', 'paused'].map((s) => ({ from: `${s}#`, to: `${s}#9` }));
  const listed: unknown[] = [];
  for (let cursor: string | undefined, i = 0; i < 9; i++) {
    const found = await pageOfAll(
      context,
      { index: 'gsi1', pk: 'GP#x', spans },
      /^[a-z]+#\d$/,
      cursor === undefined ? {} : { cursor },
    );
    listed.push(...found.items.map((f) => f['gsi1sk']));
    cursor = found.next;
    if (cursor === undefined) break;
  }
  expect(listed).toEqual(KEYS);
});
