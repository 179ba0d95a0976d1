// Public keys: decoded once, valid from then on. Holds no secret, so the service may use it (through its doors).
import type { Point } from './curve/backend.ts';
import { curve } from './curve/curve.ts';

/** A point of secp256k1 that somebody holds the secret key to. Made only by {@link decodePublicKey} and from secret keys. */
export interface PublicKey {
  readonly point: Point;
}

/**
 * @param bytes SEC 1 compressed, 33 bytes
 * @throws {UmbralError} `bad-point` for other lengths and tags, x not below p, points not on the curve
 */
export const decodePublicKey = (bytes: Uint8Array): PublicKey => ({ point: curve.decode(bytes) });

/** SEC 1 compressed, 33 bytes. */
export const encodePublicKey = (key: PublicKey): Uint8Array => curve.encode(key.point).slice();
