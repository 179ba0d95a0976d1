// Tests which names, codes, statuses and marks of the SDK make an error transient, and that no other file of the server has such a list.
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTransient, isTransientCode } from '../../lib/ports/transient-errors.ts';

const named = (name: string, more: object = {}): Error => Object.assign(new Error('lost'), { name, ...more });

describe('an error', () => {
  const transient = [
    'ThrottlingException',
    'ThrottlingError',
    'ProvisionedThroughputExceededException',
    'ProvisionedThroughputExceeded',
    'RequestLimitExceeded',
    'LimitExceededException',
    'TooManyRequestsException',
    'SlowDown',
    'TransactionConflictException',
    'TransactionConflict',
    'TransactionInProgressException',
    'TransactionCanceledException',
    'InternalServerError',
    'ServiceUnavailable',
    'RequestTimeout',
    'RequestTimeoutException',
    'TimeoutError',
    'AbortError',
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EPIPE',
    'ETIMEDOUT',
  ];
  test.each(transient)('%s is transient, as a name and as a code', (name) => {
    expect([isTransient(named(name)), isTransient(named('Error', { code: name })), isTransientCode(name)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test.each<[string, unknown, boolean]>([
    ['a status from 500', named('New', { $metadata: { httpStatusCode: 500 } }), true],
    ['a status below 500', named('New', { $metadata: { httpStatusCode: 499 } }), false],
    ['the mark of the SDK', named('New', { $retryable: {} }), true],
    ['the mark of the SDK, false', named('New', { $retryable: false }), false],
    ['metadata without a status', named('New', { $metadata: {} }), false],
    ['metadata that are null', named('New', { $metadata: null }), false],
    ['a refused condition', named('ConditionalCheckFailedException', { $metadata: { httpStatusCode: 400 } }), false],
    ['refused access', named('AccessDeniedException'), false],
    ['an error without a name', {}, false],
    ['a text', 'ThrottlingException', false],
    ['null', null, false],
    ['undefined', undefined, false],
  ])('%s', (_, error, expected) => {
    expect(isTransient(error)).toBe(expected);
  });

  test.each([undefined, 'None', 'ConditionalCheckFailed', 'ItemCollectionSizeLimitExceeded', 'ValidationError'])(
    'a cancellation reason %s is not transient',
    (code) => {
      expect(isTransientCode(code)).toBe(false);
    },
  );
});

test('there is one list', () => {
  const lib = join(import.meta.dirname, '..', '..', 'lib');
  const listing = ['api', 'domain', 'ports', 'usecases', 'stores', 'http', 'runtime'].flatMap((folder) =>
    readdirSync(join(lib, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file))
      .filter((file) => /'(Throttl|ECONN|TransactionConflict|Provisioned)/.test(readFileSync(join(lib, file), 'utf8'))),
  );
  expect(listing).toEqual([join('ports', 'transient-errors.ts')]);
});
