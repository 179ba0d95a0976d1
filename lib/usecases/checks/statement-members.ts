// Statement members: checks that the members of a statement agree with the request that contains it and with the service's clock.
import { AppError, refusedStatement } from '../../api/errors.ts';
import type { ClockFault, Instant } from '../../domain/time.ts';
import { StatementError } from '../../statements/errors.ts';
import { awaitAllInOrder } from '../shared/await-all-in-order.ts';

/** Refuses a statement whose member is wrong. @throws {AppError} `statement-invalid`, with the member */
export function mustBe(member: string, holds: boolean): void {
  if (!holds) throw new AppError('statement-invalid', { member });
}

/** Refuses a statement that has a faulty member. @param fault the member, or undefined. @throws {AppError} `statement-invalid`, with the member */
export function mustHaveNo(fault: string | undefined): void {
  if (fault !== undefined) throw new AppError('statement-invalid', { member: fault });
}

/**
 * Refuses a statement whose time does not fit the service's clock. The refusal contains the service's time, so that the signer can correct its clock.
 * @throws {AppError} `statement-invalid`, with `clock` and `serverTime`
 */
export function mustBeInTime(member: string, clock: ClockFault | undefined, now: Instant): void {
  if (clock !== undefined) throw new AppError('statement-invalid', { member, clock, serverTime: now });
}

/**
 * Runs a check for each item of a list in the body, all at once. Each item has one statement, and a refusal contains the path of that statement in `statement`.
 * If several items are refused, this function throws the refusal of the first in the list.
 * @throws {AppError} the errors of the check, with `statement`; but `not-registered` has no `statement`, because it is about the caller
 */
export async function checkEach<T, R>(
  list: 'grants' | 'extensions',
  entries: readonly T[],
  check: (entry: T, index: number) => R | Promise<R>,
): Promise<readonly R[]> {
  const checked = async (entry: T, index: number): Promise<R> => {
    try {
      return await check(entry, index);
    } catch (thrown) {
      const error = thrown instanceof StatementError ? refusedStatement(thrown) : thrown;
      if (!(error instanceof AppError) || error.fault === 'server' || error.code === 'not-registered') throw error;
      throw new AppError(error.code, { ...error.details, statement: `${list}.${index}.statement` });
    }
  };
  return awaitAllInOrder(entries.map(checked));
}
