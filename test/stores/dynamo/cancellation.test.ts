// Tests how the reasons of a cancelled transaction are read: claim first, then the head of the trail, then the statement, then the conditions.
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/api/errors.ts';
import { MINUTE } from '../../../lib/domain/time.ts';
import { readCancellation, type Attempt } from '../../../lib/stores/dynamo/cancellation.ts';
import { StoreError } from '../../../lib/stores/errors.ts';
import { is, isAbove, isAbsent, type Step } from '../../../lib/stores/dynamo/conditional-writes.ts';
import { CONFLICT, NONE, refused } from '../fakes.ts';

const key = { pk: 'pk', sk: 'sk' };
const exists = () => new AppError('already-exists');
const making = (hash: string): Step => ({ put: key, when: [isAbsent(exists)], makes: hash });
const changing: Step = {
  update: key,
  set: { state: 'closed' },
  when: [
    is('state', 'current', () => new AppError('cell-closed')),
    isAbove('until', 5, () => new AppError('request-closed')),
  ],
};
/** The writes that extend the audit trail: the new head, and `events` events. */
const links = (events: number): readonly Step[] =>
  Array.from({ length: 1 + events }, (): Step => ({ put: key, when: [] }));
const attempt = (changes: Partial<Attempt> = {}): Attempt => ({
  claim: { pk: 'N', ttl: 1 },
  invocation: 'mine',
  chain: links(1),
  steps: [making('hash'), changing],
  ...changes,
});
/** Reads the reasons of a cancelled transaction. They are in the order of its items: claim, head, event, two steps. */
const read = (reasons: Parameters<typeof readCancellation>[0], changes: Partial<Attempt> = {}) => {
  const verdict = readCancellation(reasons, attempt(changes));
  return verdict.is === 'refused' ? verdict.error.code : verdict;
};

const HEAD = { pk: 'A', sk: 'HEAD', seq: 7, hash: 'h7' };

describe('reading a cancelled transaction', () => {
  test('answers replayed if another request has the claim, whatever else failed', () => {
    expect(read([refused({ invocation: 'other' }), refused(HEAD), NONE, refused({ hash: 'hash' }), CONFLICT])).toBe(
      'replayed',
    );
    expect(read([refused(), NONE, NONE, NONE, NONE])).toBe('replayed');
  });

  test('reports success if the claim is from this invocation', () => {
    expect(read([refused({ invocation: 'mine' }), refused(HEAD), NONE, refused({ hash: 'hash' }), NONE])).toEqual({
      is: 'done',
    });
  });

  describe('the claim of an opening', () => {
    const opening = { pk: 'N', ttl: 1, opening: { statement: 'said', at: 60 * MINUTE } };
    const claimed = (statement: string, at: number, invocation = 'other') =>
      read([refused({ invocation, statement, at }), NONE, NONE, NONE, NONE], { claim: opening });

    test('reports a repetition for the same statement within ten minutes', () => {
      expect(claimed('said', 60 * MINUTE)).toEqual({ is: 'repeated' });
      expect(claimed('said', 50 * MINUTE)).toEqual({ is: 'repeated' });
      expect(claimed('said', 61 * MINUTE)).toEqual({ is: 'repeated' });
    });
    test('answers already-exists after ten minutes, or for another statement', () => {
      expect(claimed('said', 50 * MINUTE - 1)).toBe('already-exists');
      expect(claimed('else', 60 * MINUTE)).toBe('already-exists');
    });
    test('reports success if it is from this invocation', () => {
      expect(claimed('said', 60 * MINUTE, 'mine')).toEqual({ is: 'done' });
    });
    test('a nonce is never a repetition', () => {
      expect(read([refused({ invocation: 'other', statement: 'said', at: 0 }), NONE, NONE, NONE, NONE])).toBe(
        'replayed',
      );
    });
  });

  test('retries if the head has moved', () => {
    expect(read([NONE, refused(HEAD), NONE, refused({ hash: 'other' }), refused({ state: 'closed' })])).toEqual({
      is: 'retry',
    });
    expect(read([NONE, refused(), NONE, NONE, NONE])).toEqual({ is: 'retry' });
    expect(read([NONE, NONE, refused({ hash: 'x' }), NONE, NONE])).toEqual({ is: 'retry' });
  });

  test('reports a repetition for the same statement, and already-exists for another', () => {
    expect(read([NONE, NONE, NONE, refused({ pk: 'pk', hash: 'hash' }), refused({ state: 'closed' })])).toEqual({
      is: 'repeated',
    });
    expect(read([NONE, NONE, NONE, refused({ pk: 'pk', hash: 'other' }), refused({ state: 'closed' })])).toBe(
      'already-exists',
    );
    expect(read([NONE, NONE, NONE, refused({ pk: 'pk', hash: 'other' }), CONFLICT])).toBe('already-exists');
  });

  test('reports a repetition only if all of several statements are stored', () => {
    const steps = [making('a'), making('b')];
    const pk = 'pk';
    expect(read([NONE, NONE, NONE, refused({ pk, hash: 'a' }), refused({ pk, hash: 'b' })], { steps })).toEqual({
      is: 'repeated',
    });
    expect(read([NONE, NONE, NONE, refused({ pk, hash: 'a' }), NONE], { steps })).toBe('already-exists');
    expect(read([NONE, NONE, NONE, refused({ pk, hash: 'a' }), refused({ pk, hash: 'c' })], { steps })).toBe(
      'already-exists',
    );
  });

  test('answers the error of the first condition that failed', () => {
    expect(read([NONE, NONE, NONE, NONE, refused({ state: 'closed', until: 9 })])).toBe('cell-closed');
    expect(read([NONE, NONE, NONE, NONE, refused({ state: 'current', until: 5 })])).toBe('request-closed');
    expect(read([NONE, NONE, NONE, NONE, refused()])).toBe('cell-closed');
  });

  test('a condition can report a repetition', () => {
    const steps: Step[] = [{ delete: key, when: [is('state', 'active', () => 'repeated')] }];
    expect(read([NONE, NONE, NONE, refused({ state: 'revoked' })], { steps })).toEqual({ is: 'repeated' });
  });

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])('retries after %s', (Code) => {
    expect(read([NONE, NONE, NONE, { Code }, NONE])).toEqual({ is: 'retry' });
    expect(read([{ Code }, NONE, NONE, NONE, NONE])).toEqual({ is: 'retry' });
    expect(read([NONE, { Code }, NONE, NONE, NONE])).toEqual({ is: 'retry' });
  });

  test('reads the steps at their positions if there is no claim or no event', () => {
    const only = { claim: undefined, chain: [], steps: [changing] };
    expect(read([refused({ state: 'closed' })], only)).toBe('cell-closed');
    expect(read([refused(HEAD), NONE, NONE, NONE], { ...only, chain: links(2) })).toEqual({ is: 'retry' });
    expect(read([NONE, NONE, NONE, refused({ state: 'closed' })], { ...only, chain: links(2) })).toBe('cell-closed');
  });

  test('throws StoreError for a reason that it cannot explain', () => {
    expect(() => read([NONE, NONE, NONE, { Code: 'ValidationError' }, NONE])).toThrow(StoreError);
    expect(() => read([])).toThrow(StoreError);
    expect(() => read([NONE, NONE, NONE, NONE, refused({ state: 'current', until: 9 })])).toThrow(StoreError);
  });
});
