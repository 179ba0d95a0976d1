// Secret keys on secp256k1. A key in a log line, an error or a JSON text prints as a placeholder.
import { systemRng, type Rng } from '../bytes/binary.ts';
import { curve } from './curve/chosen-backend.ts';
import type { PublicKey } from './public-key.ts';
import { decodeNonZeroScalar, encodeScalar, randomScalar, type Scalar } from './curve/scalar.ts';

const PLACEHOLDER = '[secret key]';

/** A secret scalar in [1, n-1], encoded as 32 bytes. */
export class SecretKey {
  readonly #scalar: Scalar;
  #publicKey: PublicKey | undefined;

  private constructor(scalar: Scalar) {
    this.#scalar = scalar;
  }

  /**
   * @param bytes 32 bytes, big endian
   * @throws {UmbralError} `bad-scalar` for zero, n and above, other lengths
   */
  static fromBytes(bytes: Uint8Array): SecretKey {
    return new SecretKey(decodeNonZeroScalar(bytes));
  }

  /** Only lib/umbral may call this. @param scalar not zero */
  static fromScalar(scalar: Scalar): SecretKey {
    return new SecretKey(scalar);
  }

  /** Only lib/umbral may call this. */
  static scalarOf(key: SecretKey): Scalar {
    return key.#scalar;
  }

  static publicKeyOf(key: SecretKey): PublicKey {
    return (key.#publicKey ??= { point: curve.muls([['G', key.#scalar]])[0]! });
  }

  /** Returns 32 bytes, big endian. The caller wipes this copy. */
  toBytes(): Uint8Array {
    return encodeScalar(this.#scalar);
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PLACEHOLDER;
  }
}

export const randomSecretKey = (rng: Rng = systemRng): SecretKey => SecretKey.fromScalar(randomScalar(rng));

/** The public key; it is computed once for each secret key. */
export const publicKeyOf = (key: SecretKey): PublicKey => SecretKey.publicKeyOf(key);
