// Tests transactions in cases that no local AWS produces: conflicts, throttling, lost answers.
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/api/errors.ts';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import type { EventDraft } from '../../../lib/domain/audit-chain.ts';
import { eventHash } from '../../../lib/domain/audit-chain.ts';
import { NO_ENTRIES } from '../../../lib/domain/statement-chain.ts';
import { URGENT } from '../../../lib/stores/retry.ts';
import { is } from '../../../lib/stores/dynamo/conditional-writes.ts';
import { makeWriter, type Write } from '../../../lib/stores/dynamo/transactional-writer.ts';
import { patient } from '../../statements/samples.ts';
import { cancelled, CONFLICT, fakeContext, itemsOf, NONE, refused, type Answering, type Sent } from '../fakes.ts';

const draft: EventDraft = {
  kind: 'folder-created',
  patient: patient.id,
  actor: patient.id,
  subject: { folder: newId<FolderId>() },
  at: 1,
  statement: 'said',
};
const WRITE: Write = {
  steps: [
    {
      update: { pk: 'P', sk: 'S' },
      set: { state: 'closed' },
      when: [is('state', 'current', () => new AppError('cell-closed'))],
    },
  ],
  events: [{ draft, evidence: 'evidence' }],
  claim: { pk: 'N', ttl: 9 },
};

const run = async (answer: Answering, write: Partial<Write> = {}) => {
  const fake = fakeContext(answer);
  let outcome: string;
  try {
    outcome = (await makeWriter(fake.context)({ ...WRITE, ...write })).repeated ? 'repeated' : 'done';
  } catch (error) {
    outcome = error instanceof AppError ? error.code : `fault: ${String(error)}`;
  }
  return { ...fake, outcome, transactions: fake.sent.filter((s) => s.command === 'TransactWriteItemsCommand') };
};

/** Refuses transactions with these errors in turn, then accepts them. Every Get finds no head. */
const inTurn = (...refusals: readonly Error[]): Answering => {
  let i = 0;
  return ({ command }) => {
    if (command !== 'TransactWriteItemsCommand') return {};
    const refusal = refusals[i++];
    if (refusal !== undefined) throw refusal;
    return {};
  };
};
const always =
  (refusal: Error): Answering =>
  ({ command }) => {
    if (command === 'TransactWriteItemsCommand') throw refusal;
    return {};
  };
const eventOf = (sent: Sent) =>
  JSON.parse(itemsOf(sent)[2]?.Put?.Item?.['text']?.S ?? '') as { seq: number; previous: string };

describe('a write', () => {
  test('contains claim, head, event and steps in this order, each with its condition', async () => {
    const { outcome, transactions, waits } = await run(inTurn());
    expect([outcome, transactions.length, waits.length]).toEqual(['done', 1, 0]);
    const [claim, head, event, step] = itemsOf(transactions[0]!);
    const text = event?.Put?.Item?.['text']?.S ?? '';
    expect(claim?.Put).toMatchObject({
      TableName: 'nonces',
      Item: { pk: { S: 'N' }, ttl: { N: '9' }, invocation: { S: 'gICAgICAgICAgICAgICAgA' } },
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(head?.Put).toMatchObject({
      TableName: 'main',
      Item: { pk: { S: `A#${patient.id}` }, sk: { S: 'HEAD' }, seq: { N: '1' }, hash: { S: eventHash(text) } },
      ConditionExpression: 'attribute_not_exists(#n0)',
    });
    expect(event?.Put?.Item).toMatchObject({ sk: { S: 'E#000000000001' }, evidence: { S: 'evidence' } });
    expect(event?.Put?.ConditionExpression).toBe('attribute_not_exists(#n0)');
    expect(step?.Update?.ConditionExpression).toBe('#n0 = :v1');
  });

  test('does not read a head that is known', async () => {
    const { sent } = await run(inTurn(), { head: { seq: 4, hash: 'h4', entries: NO_ENTRIES } });
    expect(sent.map((s) => s.command)).toEqual(['TransactWriteItemsCommand']);
    expect(itemsOf(sent[0]!)[1]?.Put).toMatchObject({
      Item: { seq: { N: '5' } },
      ConditionExpression: '#n0 = :v0 AND #n1 = :v1',
      ExpressionAttributeNames: { '#n0': 'seq', '#n1': 'hash' },
      ExpressionAttributeValues: { ':v0': { N: '4' }, ':v1': { S: 'h4' } },
    });
  });

  test('without events does not read or write a head', async () => {
    const { sent } = await run(inTurn(), { events: [] });
    expect(sent).toHaveLength(1);
    expect(itemsOf(sent[0]!)).toHaveLength(2);
  });

  test('chains several events to each other', async () => {
    const { transactions } = await run(inTurn(), {
      events: [{ draft }, { draft }],
      head: { seq: 4, hash: 'h4', entries: NO_ENTRIES },
    });
    const items = itemsOf(transactions[0]!);
    const texts = [items[2], items[3]].map((i) => i?.Put?.Item?.['text']?.S ?? '');
    const events = texts.map((t) => JSON.parse(t) as { seq: number; previous: string });
    expect(events).toMatchObject([
      { seq: 5, previous: 'h4' },
      { seq: 6, previous: eventHash(texts[0]!) },
    ]);
    expect(items[1]?.Put?.Item).toMatchObject({ seq: { N: '6' }, hash: { S: eventHash(texts[1]!) } });
    expect(items).toHaveLength(5);
  });

  test('after a lost race waits and then reads the head again', async () => {
    const moved = cancelled(NONE, refused({ seq: 7, hash: 'h7' }), NONE, NONE);
    const transact = inTurn(moved);
    let reads = 0;
    const { outcome, transactions, waits } = await run((sent, i) => {
      if (sent.command !== 'GetItemCommand' || ++reads === 1) return transact(sent, i);
      return { Item: { seq: { N: '9' }, hash: { S: 'h9' } } };
    });
    expect([outcome, waits.length, reads]).toEqual(['done', 1, 2]);
    expect(eventOf(transactions[1]!)).toMatchObject({ seq: 10, previous: 'h9' });
  });

  test('is repeated after a conflict, with the same claim', async () => {
    const { outcome, transactions } = await run(
      inTurn(cancelled(CONFLICT, NONE, NONE, NONE), cancelled(NONE, NONE, NONE, CONFLICT)),
    );
    expect([outcome, transactions.length]).toEqual(['done', 3]);
    const claims = new Set(transactions.map((t) => itemsOf(t)[0]?.Put?.Item?.['invocation']?.S));
    expect(claims.size).toBe(1);
  });

  test.each(['ThrottlingException', 'RequestLimitExceeded', 'InternalServerError', 'TimeoutError', 'ECONNRESET'])(
    'is repeated after %s',
    async (name) => {
      const { outcome, transactions } = await run(inTurn(Object.assign(new Error('lost'), { name })));
      expect([outcome, transactions.length]).toEqual(['done', 2]);
    },
  );

  test('succeeds if its answer was lost and its own claim is stored', async () => {
    const invocation = 'gICAgICAgICAgICAgICAgA';
    const lost = Object.assign(new Error('lost'), { name: 'TimeoutError' });
    const own = cancelled(refused({ invocation }), refused({ seq: 1, hash: 'h' }), NONE, NONE);
    expect((await run(inTurn(lost, own))).outcome).toBe('done');
    const other = cancelled(refused({ invocation: 'other' }), NONE, NONE, NONE);
    expect((await run(inTurn(lost, other))).outcome).toBe('replayed');
  });

  test('is refused at once if a condition fails', async () => {
    const { outcome, transactions } = await run(inTurn(cancelled(NONE, NONE, NONE, refused({ state: 'closed' }))));
    expect([outcome, transactions.length]).toEqual(['cell-closed', 1]);
  });

  test('rethrows other errors', async () => {
    expect((await run(inTurn(new Error('other')))).outcome).toBe('fault: Error: other');
  });
});

describe('limits of retries', () => {
  test('a write answers busy after 30 tries within 10 s', async () => {
    const { outcome, transactions, waits } = await run(
      always(cancelled(NONE, refused({ seq: 7, hash: 'h7' }), NONE, NONE)),
    );
    expect([outcome, transactions.length]).toEqual(['busy', 30]);
    expect(waits.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(10_000);
  });

  test('a revocation is retried for 10 s, more than 30 times', async () => {
    const { outcome, transactions, waits } = await run(always(cancelled(CONFLICT, NONE, NONE, NONE)), {
      patience: URGENT,
    });
    const waited = waits.reduce((a, b) => a + b, 0);
    expect(outcome).toBe('busy');
    expect(transactions.length).toBeGreaterThan(30);
    expect(waited).toBeGreaterThan(9_000);
    expect(waited).toBeLessThanOrEqual(10_000);
  });

  test('busy contains the time after which the client may retry', async () => {
    const { context } = fakeContext(always(cancelled(CONFLICT, NONE, NONE, NONE)));
    await expect(makeWriter(context)(WRITE)).rejects.toMatchObject({ code: 'busy', details: { retryAfter: 1 } });
  });
});
