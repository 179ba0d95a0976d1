// Tests the checks that name a wrong member of a statement, and the check that turns an UmbralError into a refusal.
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../lib/api/errors.ts';
import { StatementError } from '../../lib/statements/errors.ts';
import { UmbralError } from '../../lib/umbral/errors.ts';
import { orRefuse } from '../../lib/usecases/checks/curve-points.ts';
import { checkEach, mustBe, mustHaveNo } from '../../lib/usecases/checks/statement-members.ts';

test('mustBe and mustHaveNo name the member', () => {
  expect(() => mustBe('grant', true)).not.toThrow();
  expect(() => mustBe('grant', false)).toThrow(expect.objectContaining({ details: { member: 'grant' } }));
  expect(() => mustHaveNo(undefined)).not.toThrow();
  expect(() => mustHaveNo('until')).toThrow(
    expect.objectContaining({ code: 'statement-invalid', details: { member: 'until' } }),
  );
});

test('orRefuse maps UmbralError to the refusal and throws any other error', () => {
  const refusal = new AppError('capsule-invalid');
  const failing = (error: Error) => () =>
    orRefuse(refusal, () => {
      throw error;
    });
  expect(orRefuse(refusal, () => 7)).toBe(7);
  expect(failing(new UmbralError('bad-point', 'not a point'))).toThrow(refusal);
  expect(failing(new TypeError('of our own'))).toThrow(TypeError);
});

describe('checkEach', () => {
  const failing = (...errors: readonly (Error | undefined)[]) =>
    checkEach('grants', errors, (error, index) => {
      if (error !== undefined) throw error;
      return index;
    });

  test('checks each statement in the order of the list', async () => {
    expect(await failing(undefined, undefined)).toEqual([0, 1]);
  });

  test('names the first wrong statement by its path in the body', async () => {
    const invalid = new StatementError('bad-payload', 'SECRET', 'cells.0.epoch');
    const ended = new AppError('grant-ended', { reason: 'revoked' });
    const statement = 'grants.1.statement';
    await expect(failing(undefined, invalid, ended)).rejects.toMatchObject({
      code: 'statement-invalid',
      details: { member: 'cells.0.epoch', reason: 'bad-payload', statement },
    });
    await expect(failing(undefined, ended, invalid)).rejects.toMatchObject({
      code: 'grant-ended',
      details: { reason: 'revoked', statement },
    });
  });

  test('names no statement for another fault of the caller or of the service', async () => {
    for (const error of [new AppError('not-registered'), new AppError('busy'), new TypeError('of our own')])
      await expect(failing(error)).rejects.toBe(error);
  });
});
