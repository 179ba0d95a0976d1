// Public keys on secp256k1: a key is checked once, when it is decoded. The file contains no secret, so the service may use it.
import type { Point } from './curve/backend.ts';
import { curve } from './curve/chosen-backend.ts';

/** A point of secp256k1. Only {@link decodePublicKey} and secret keys make one. */
export interface PublicKey {
  readonly point: Point;
}

/**
 * Decodes a public key.
 * @param bytes SEC 1 compressed, 33 bytes
 * @throws {UmbralError} `bad-point` for other lengths and tags, x not below p, points not on the curve
 */
export const decodePublicKey = (bytes: Uint8Array): PublicKey => ({ point: curve.decode(bytes) });

/** Encodes a public key: SEC 1 compressed, 33 bytes. */
export const encodePublicKey = (key: PublicKey): Uint8Array => curve.encode(key.point).slice();
