// A statement in a body must say the same as the request around it.
import { AppError } from '../api/errors.ts';

/** @throws {AppError} `statement-invalid`, naming the member that differs */
export function mustBe(member: string, holds: boolean): void {
  if (!holds) throw new AppError('statement-invalid', { member });
}

/** @param fault the offending member, or undefined. @throws {AppError} `statement-invalid` */
export function mustHaveNo(fault: string | undefined): void {
  if (fault !== undefined) throw new AppError('statement-invalid', { member: fault });
}
