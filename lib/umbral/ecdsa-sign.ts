// Signs messages with ECDSA over secp256k1 and SHA-256.
import { systemRng, type Rng } from '../bytes/binary.ts';
import { curve } from './curve/chosen-backend.ts';
import { messageDigest } from './hashes.ts';
import { draw } from './curve/scalar.ts';
import { SecretKey } from './secret-key.ts';

/**
 * Returns the signature r||s, 64 bytes, low s. The nonce follows RFC 6979 with 32 random bytes as additional data (section 3.6).
 * There is no domain separation: a key must sign one kind of message only, or the message must name its own kind.
 */
export const signMessage = (key: SecretKey, message: Uint8Array, rng: Rng = systemRng): Uint8Array =>
  curve.sign(messageDigest(message), SecretKey.scalarOf(key), draw(rng, 32));
