// Counts the AWS calls of a route, and the bytes that the route reads, writes and answers, with middleware on the clients of the service.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { AwsClient } from '../../../lib/runtime/container.ts';

export interface Tally {
  readonly calls: Map<string, number>;
  /** Number of sequential waits: parallel calls count as one. */
  trips: number;
  inFlight: number;
  /** Bytes of the items that were read. */
  read: number;
  /** Bytes of the items that were put. */
  put: number;
  /** Bytes of the largest item that was put. */
  largest: number;
  /** Bytes of the answer. */
  answered: number;
}

type Attributes = Record<string, AttributeValue>;

const valueSize = ({ S, N, L }: AttributeValue): number =>
  L === undefined ? Buffer.byteLength(S ?? N ?? '') : 3 + L.reduce((n, v) => n + 1 + valueSize(v), 0);
/** The size of an item in bytes, as DynamoDB counts it: names and values. Numbers count as text, which is slightly more. */
export const itemSize = (item: Attributes): number =>
  Object.entries(item).reduce((n, [name, value]) => n + Buffer.byteLength(name) + valueSize(value), 0);
const sizeOf = (items: readonly Attributes[]): number => items.reduce((n, i) => n + itemSize(i), 0);

interface Reading {
  readonly Item?: Attributes;
  readonly Items?: readonly Attributes[];
  readonly Responses?: Readonly<Record<string, readonly Attributes[]>>;
}
const itemsRead = ({ Item, Items = [], Responses = {} }: Reading): readonly Attributes[] => [
  ...(Item === undefined ? [] : [Item]),
  ...Items,
  ...Object.values(Responses).flat(),
];
const itemsPut = ({ TransactItems = [] }: { readonly TransactItems?: readonly TransactWriteItem[] }) =>
  TransactItems.flatMap(({ Put }) => (Put?.Item === undefined ? [] : [Put.Item]));

export const makeTallies = () => {
  const running = new AsyncLocalStorage<Tally>();

  const counted = async <T extends { readonly output: unknown }>(
    name: string,
    input: object,
    call: () => Promise<T>,
  ): Promise<T> => {
    const tally = running.getStore();
    if (tally === undefined) return call();
    tally.calls.set(name, (tally.calls.get(name) ?? 0) + 1);
    const put = itemsPut(input).map(itemSize);
    tally.put += put.reduce((a, b) => a + b, 0);
    tally.largest = Math.max(tally.largest, ...put);
    if (tally.inFlight === 0) tally.trips += 1;
    tally.inFlight += 1;
    try {
      const result = await call();
      if (name !== 'TransactWriteItems') tally.read += sizeOf(itemsRead(result.output as Reading));
      return result;
    } finally {
      tally.inFlight -= 1;
    }
  };

  return {
    /** Give this to `makeService` as `onClient`: it counts the calls of the client. */
    count: (client: AwsClient): void => {
      (client as DynamoDBClient).middlewareStack.add(
        (next, context) => (args) =>
          counted((context.commandName ?? '').replace(/Command$/, ''), args.input, () => next(args)),
        { step: 'initialize', name: 'count-calls' },
      );
    },
    /** Runs one route. Returns the answer, with the AWS calls that the route made and the bytes that it read and wrote. */
    around: async (run: () => Promise<Response>): Promise<{ readonly answer: Response; readonly tally: Tally }> => {
      const tally: Tally = { calls: new Map(), trips: 0, inFlight: 0, read: 0, put: 0, largest: 0, answered: 0 };
      const answer = await running.run(tally, run);
      tally.answered = (await answer.clone().arrayBuffer()).byteLength;
      return { answer, tally };
    },
  };
};

/** The calls as text, ordered by name: `2 x GetItem, Query`. */
export const describeCalls = (calls: ReadonlyMap<string, number>): string =>
  [...calls]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, n]) => (n === 1 ? name : `${n} x ${name}`))
    .join(', ') || '-';
