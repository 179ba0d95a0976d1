// Checks that keys and capsules in a statement are points of the curve.
import { AppError } from '../../api/errors.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { UmbralError } from '../../umbral/errors.ts';
import { decodePublicKey, type PublicKey } from '../../umbral/proxy.ts';

/** Runs `read`, and throws `refusal` instead of an UmbralError. It does not change any other error. @throws {AppError} the refusal */
export function orRefuse<T>(refusal: AppError, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UmbralError ? refusal : error;
  }
}

/** Decodes a key, which must be a point of the curve. @throws {AppError} `statement-invalid` */
export function mustBePoint(member: string, key: string): PublicKey {
  return orRefuse(new AppError('statement-invalid', { member }), () => decodePublicKey(fromBase64url(key)));
}
