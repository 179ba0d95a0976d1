// ECDSA over SHA-256 of the message, with a secret key.
import { systemRng, type Rng } from '../bytes/binary.ts';
import { curve } from './curve/curve.ts';
import { messageDigest } from './hashes.ts';
import { draw } from './curve/scalar.ts';
import { SecretKey } from './secret-key.ts';

/**
 * Signature r||s, 64 bytes, low s. The nonce is that of RFC 6979 with 32 random bytes as additional data (section 3.6).
 * There is no domain separation: one key must sign one kind of message only, or the message must say what it is.
 */
export const signMessage = (key: SecretKey, message: Uint8Array, rng: Rng = systemRng): Uint8Array =>
  curve.sign(messageDigest(message), SecretKey.scalarOf(key), draw(rng, 32));
