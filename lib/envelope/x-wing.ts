// Key encapsulation by X-Wing: ML-KEM-768 together with X25519 (draft-connolly-cfrg-xwing-kem). A secret stays secret while one of the two is unbroken.
import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { concat, ofLength, systemRng, type Rng } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { EnvelopeError } from './errors.ts';
import { x25519KeyPair } from './x25519.ts';

export const KEM_SEED_BYTES = 32;
export const KEM_PUBLIC_KEY_BYTES = 1216;
export const KEM_CIPHERTEXT_BYTES = 1120;

const ML_KEM_PUBLIC_KEY_BYTES = 1184;
const ML_KEM_CIPHERTEXT_BYTES = 1088;
const LABEL = utf8('\\.//^\\');

/** The inputs of the combiner, 32 bytes each: the secrets of ML-KEM and X25519, and the ephemeral and the static public key of X25519. */
interface Parts {
  readonly lattice: Uint8Array;
  readonly shared: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly own: Uint8Array;
}
const combine = ({ lattice, shared, ephemeral, own }: Parts): Uint8Array =>
  sha3_256(concat(lattice, shared, ephemeral, own, LABEL));

/** A fresh secret, and the ciphertext from which the owner of the seed gets that secret. */
export interface Encapsulated {
  /** 1120 bytes. */
  readonly ciphertext: Uint8Array;
  /** 32 bytes, secret. */
  readonly secret: Uint8Array;
}

/** @param publicKey 1216 bytes @throws {EnvelopeError} `key-invalid` */
export const encapsulate = (publicKey: Uint8Array, rng: Rng = systemRng): Encapsulated => {
  const [message, scalar] = [rng(32), rng(32)];
  try {
    const own = publicKey.slice(ML_KEM_PUBLIC_KEY_BYTES);
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey.subarray(0, ML_KEM_PUBLIC_KEY_BYTES), message);
    const { publicKey: ephemeral, sharedSecret: shareWith } = x25519KeyPair(scalar);
    const secret = combine({ lattice: sharedSecret, shared: shareWith(own), ephemeral, own });
    return { ciphertext: concat(cipherText, ephemeral), secret };
  } catch {
    // The length is wrong, a coefficient of ML-KEM is out of range, or the point of X25519 has a small order.
    throw new EnvelopeError('key-invalid', 'the public key is no X-Wing key');
  }
};

/** The secret half of a key, expanded once for many ciphertexts. */
export interface Decapsulator {
  /** 1216 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * Returns the secret of a ciphertext, 32 bytes. A ciphertext for another key gives another secret, without an error.
   * @throws {Error} for another length than 1120 bytes, and for a point of X25519 of small order
   */
  readonly decapsulate: (ciphertext: Uint8Array) => Uint8Array;
}

/** Expands a seed to its key pair. @param seed 32 bytes, secret; copied */
export const decapsulator = (seed: Uint8Array): Decapsulator => {
  const expanded = shake256(ofLength(seed, KEM_SEED_BYTES, 'seed'), { dkLen: 96 });
  const { secretKey, publicKey } = ml_kem768.keygen(expanded.subarray(0, 64));
  const prepared = ml_kem768.prepare(publicKey);
  const x = x25519KeyPair(expanded.slice(64));
  return {
    publicKey: concat(publicKey, x.publicKey),
    decapsulate: (ciphertext: Uint8Array) => {
      ofLength(ciphertext, KEM_CIPHERTEXT_BYTES, 'ciphertext');
      const ephemeral = ciphertext.slice(ML_KEM_CIPHERTEXT_BYTES);
      const lattice = prepared.decapsulate(ciphertext.subarray(0, ML_KEM_CIPHERTEXT_BYTES), secretKey);
      return combine({ lattice, shared: x.sharedSecret(ephemeral), ephemeral, own: x.publicKey });
    },
  };
};
