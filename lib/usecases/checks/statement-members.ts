// Statement members: checks that the members of a statement agree with the request that contains it and with the service's clock.
import { AppError } from '../../api/errors.ts';
import type { ClockFault, Instant } from '../../domain/time.ts';

/** Refuses a statement whose member is wrong. @throws {AppError} `statement-invalid`, with the member */
export function mustBe(member: string, holds: boolean): void {
  if (!holds) throw new AppError('statement-invalid', { member });
}

/** Refuses a statement that has a faulty member. @param fault the member, or undefined. @throws {AppError} `statement-invalid`, with the member */
export function mustHaveNo(fault: string | undefined): void {
  if (fault !== undefined) throw new AppError('statement-invalid', { member: fault });
}

/**
 * A time in a statement must fit the service's clock. The refusal returns the service's time, so that the signer can compare its own.
 * @throws {AppError} `statement-invalid`, with `clock` and `serverTime`
 */
export function mustBeInTime(member: string, clock: ClockFault | undefined, now: Instant): void {
  if (clock !== undefined) throw new AppError('statement-invalid', { member, clock, serverTime: now });
}
