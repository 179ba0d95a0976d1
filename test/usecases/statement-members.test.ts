import { expect, test } from '@jest/globals';
import { AppError } from '../../lib/api/errors.ts';
import { UmbralError } from '../../lib/umbral/errors.ts';
import { orRefuse } from '../../lib/usecases/checks/curve-points.ts';
import { mustBe, mustHaveNo } from '../../lib/usecases/checks/statement-members.ts';

test('what does not hold is named', () => {
  expect(() => mustBe('grant', true)).not.toThrow();
  expect(() => mustBe('grant', false)).toThrow(expect.objectContaining({ details: { member: 'grant' } }));
  expect(() => mustHaveNo(undefined)).not.toThrow();
  expect(() => mustHaveNo('until')).toThrow(
    expect.objectContaining({ code: 'statement-invalid', details: { member: 'until' } }),
  );
});

test('only what the scheme does not take is a refusal', () => {
  const refusal = new AppError('capsule-invalid');
  const failing = (error: Error) => () =>
    orRefuse(refusal, () => {
      throw error;
    });
  expect(orRefuse(refusal, () => 7)).toBe(7);
  expect(failing(new UmbralError('bad-point', 'not a point'))).toThrow(refusal);
  expect(failing(new TypeError('of our own'))).toThrow(TypeError);
});
