// Makes a fake DynamoDB client, whose middleware answers every command without a network.
import {
  DynamoDBClient,
  TransactionCanceledException,
  type CancellationReason,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { StoreContext } from '../../lib/stores/dynamo/database.ts';
import { toAttributes, type Fields } from '../../lib/stores/dynamo/item.ts';

export interface Sent {
  readonly command: string;
  readonly input: unknown;
}
export type Answering = (sent: Sent, calls: number) => object;

/** Makes a context of stores over a fake client. `waits` are the pauses in ms; only they advance the clock. */
export const fakeContext = (answer: Answering) => {
  const dynamo = new DynamoDBClient({ region: 'local', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
  const sent: Sent[] = [];
  const waits: number[] = [];
  let time = 0;
  dynamo.middlewareStack.add(
    (_next, context) => (args) => {
      const call = { command: context.commandName ?? '', input: args.input };
      sent.push(call);
      return Promise.resolve({ output: { $metadata: {}, ...answer(call, sent.length) }, response: {} });
    },
    { step: 'initialize' },
  );
  const context: StoreContext = {
    dynamo,
    tables: { main: 'main', nonces: 'nonces' },
    waiting: {
      rng: (length) => new Uint8Array(length).fill(0x80),
      clock: () => time,
      sleep: (ms) => {
        waits.push(ms);
        time += ms;
        return Promise.resolve();
      },
    },
  };
  return { context, sent, waits };
};

export const NONE: CancellationReason = { Code: 'None' };
export const CONFLICT: CancellationReason = { Code: 'TransactionConflict' };
export const refused = (old?: Fields): CancellationReason => ({
  Code: 'ConditionalCheckFailed',
  ...(old === undefined ? {} : { Item: toAttributes(old) }),
});

export const cancelled = (...CancellationReasons: CancellationReason[]): TransactionCanceledException =>
  new TransactionCanceledException({ $metadata: {}, message: 'cancelled', CancellationReasons });

export const itemsOf = ({ input }: Sent) => (input as TransactWriteItemsCommandInput).TransactItems ?? [];
