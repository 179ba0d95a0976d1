// Capsule check: refuses a capsule that cannot be re-encrypted, before it is stored.
import { AppError } from '../../api/errors.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { decodeCapsule } from '../../umbral/capsule.ts';
import type { StoredWrap } from '../../ports/index.ts';
import { orRefuse } from './curve-points.ts';

/** Refuses a wrap whose capsule cannot be re-encrypted. @throws {AppError} `capsule-invalid` */
export function assertCapsule({ capsule }: Pick<StoredWrap, 'capsule'>): void {
  orRefuse(new AppError('capsule-invalid'), () => decodeCapsule(fromBase64url(capsule)));
}
