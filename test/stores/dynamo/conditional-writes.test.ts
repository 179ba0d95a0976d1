// Tests conditional writes: their form for DynamoDB, and the evaluation of their conditions on the old item.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../lib/api/errors.ts';
import {
  holds,
  is,
  isAbove,
  isAbsent,
  isAbsentOrAtMost,
  isAtMost,
  toTransactItem,
  type Condition,
} from '../../../lib/stores/dynamo/conditional-writes.ts';

const no = () => new AppError('busy');
const key = { pk: 'P', sk: 'S' };

describe('steps in the form of DynamoDB', () => {
  test('a put with a condition requests the old item on failure', () => {
    expect(toTransactItem('main', { put: { ...key, n: 1, none: undefined }, when: [isAbsent(no)] })).toEqual({
      Put: {
        TableName: 'main',
        Item: { pk: { S: 'P' }, sk: { S: 'S' }, n: { N: '1' } },
        ConditionExpression: 'attribute_not_exists(#n0)',
        ExpressionAttributeNames: { '#n0': 'pk' },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    });
  });

  test('an update joins all its conditions with AND', () => {
    const step = {
      update: key,
      set: { state: 'x', gone: undefined },
      remove: ['old'],
      add: { used: 2 },
      when: [is('state', 'y', no), isAtMost('used', 8, no), isAbove('until', 5, no), isAbsentOrAtMost('free', 3, no)],
    };
    expect(toTransactItem('main', step)).toEqual({
      Update: {
        TableName: 'main',
        Key: { pk: { S: 'P' }, sk: { S: 'S' } },
        UpdateExpression: 'SET #n0 = :v0 ADD #n1 :v1 REMOVE #n2',
        ConditionExpression: '#n0 = :v2 AND #n1 <= :v3 AND #n3 > :v4 AND (attribute_not_exists(#n4) OR #n4 <= :v5)',
        ExpressionAttributeNames: { '#n0': 'state', '#n1': 'used', '#n2': 'old', '#n3': 'until', '#n4': 'free' },
        ExpressionAttributeValues: {
          ':v0': { S: 'x' },
          ':v1': { N: '2' },
          ':v2': { S: 'y' },
          ':v3': { N: '8' },
          ':v4': { N: '5' },
          ':v5': { N: '3' },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    });
  });

  test('a delete and a check have a key', () => {
    expect(toTransactItem('main', { delete: key, when: [] })).toEqual({
      Delete: { TableName: 'main', Key: { pk: { S: 'P' }, sk: { S: 'S' } } },
    });
    expect(toTransactItem('main', { check: key, when: [is('state', 'y', no)] })).toMatchObject({
      ConditionCheck: { ConditionExpression: '#n0 = :v0', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    });
  });
});

describe('conditions on the old item', () => {
  const cases: [Condition, unknown, boolean][] = [
    [isAbsent(no), undefined, true],
    [isAbsent(no), 'P', false],
    [is('pk', 'a', no), 'a', true],
    [is('pk', 'a', no), 'b', false],
    [is('pk', 'a', no), undefined, false],
    [isAtMost('pk', 3, no), undefined, false],
    [isAbove('pk', 3, no), undefined, false],
    [isAbsentOrAtMost('pk', 3, no), undefined, true],
    [isAtMost('pk', 3, no), '1', false],
    [isAbove('pk', 3, no), '9', false],
    [isAbsentOrAtMost('pk', 3, no), '1', false],
  ];
  test.each(cases)('%j holds for %j: %s', (condition, value, expected) => {
    expect(holds(condition, value === undefined ? {} : { pk: value as string })).toBe(expected);
    if (value === undefined) expect(holds(condition, undefined)).toBe(expected);
  });

  test('numbers compare as numbers', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (value, bound) => {
        const old = { pk: value };
        expect(holds(isAtMost('pk', bound, no), old)).toBe(value <= bound);
        expect(holds(isAbove('pk', bound, no), old)).toBe(value > bound);
        expect(holds(isAbsentOrAtMost('pk', bound, no), old)).toBe(value <= bound);
      }),
    );
  });
});
