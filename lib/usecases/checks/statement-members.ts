// A statement in a body must say the same as the request around it.
import { AppError } from '../../api/errors.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import type { ClockFault, Instant } from '../../domain/time.ts';
import { UmbralError } from '../../umbral/errors.ts';
import { decodePublicKey, type PublicKey } from '../../umbral/proxy.ts';

/** @throws {AppError} `statement-invalid`, naming the member that differs */
export function mustBe(member: string, holds: boolean): void {
  if (!holds) throw new AppError('statement-invalid', { member });
}

/** @param fault the offending member, or undefined. @throws {AppError} `statement-invalid` */
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

/** What the scheme does not take is refused so; any other error is none of the caller's. @throws {AppError} the refusal */
export function orRefuse<T>(refusal: AppError, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UmbralError ? refusal : error;
  }
}

/** A key must be a point of the curve. @throws {AppError} `statement-invalid` */
export function mustBePoint(member: string, key: string): PublicKey {
  return orRefuse(new AppError('statement-invalid', { member }), () => decodePublicKey(fromBase64url(key)));
}
