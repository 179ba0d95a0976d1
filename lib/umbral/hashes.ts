// Every domain-separation tag, and the order of every hash and signature input. docs/spec/umbral.md has the same as tables.
// Points come in encoded (SEC 1 compressed, 33 bytes); capital letters are the scheme's names for them.
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, u32, u8 } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { curve } from './curve/curve.ts';
import { PARAMETER_U } from './curve/parameter.ts';
import { scalarFromDigest, type Scalar } from './curve/scalar.ts';

export { PARAMETER_U, PARAMETER_U_SOURCE } from './curve/parameter.ts';

type Encoded = Uint8Array;

const prefixed = (tag: Uint8Array): Uint8Array => concat(u32(tag.length), tag);

const TAGS = {
  capsule: prefixed(utf8('CAPSULE_POINTS')),
  secret: prefixed(utf8('SHARED_SECRET')),
  index: prefixed(utf8('POLYNOMIAL_ARG')),
  proof: prefixed(utf8('CFRAG_VERIFICATION')),
  makeKey: utf8('KEY_DERIVATION/'),
  makeFactory: utf8('FACTORY_DERIVATION/'),
  makeSecret: utf8('SECRET_DERIVATION/'),
} as const;

const hashed = (prefix: Uint8Array, ...parts: readonly Uint8Array[]): Scalar =>
  scalarFromDigest(curve.sha256(concat(prefix, ...parts)));

/** SHA-256 of u32(length of tag), tag, parts; as a scalar in [1, n-1]. */
export const hashToScalar = (tag: Uint8Array, ...parts: readonly Uint8Array[]): Scalar =>
  hashed(prefixed(tag), ...parts);

/** The challenge inside a capsule. */
export const hashCapsule = (E: Encoded, V: Encoded): Scalar => hashed(TAGS.capsule, E, V);

/** d, known to delegator and recipient. @param T the Diffie-Hellman point [x]B = [b]X */
export const hashSecret = (X: Encoded, B: Encoded, T: Encoded): Scalar => hashed(TAGS.secret, X, B, T);

/** Where the polynomial is evaluated for the share with this id[32]. */
export const hashIndex = (X: Encoded, B: Encoded, T: Encoded, id: Uint8Array): Scalar =>
  hashed(TAGS.index, X, B, T, id);

/** The challenge of the re-encryption proof. The order is by capsule part and differs from the order on the wire. */
export const hashProof = (
  E: Encoded,
  E1: Encoded,
  E2: Encoded,
  V: Encoded,
  V1: Encoded,
  V2: Encoded,
  U1: Encoded,
  U2: Encoded,
): Scalar => hashed(TAGS.proof, E, E1, E2, V, V1, V2, PARAMETER_U, U1, U2);

const optionalKey = (key: Encoded | undefined): Uint8Array => (key === undefined ? u8(0) : concat(u8(1), key));

/**
 * What the kfrag signer signs, 100, 133 or 166 bytes. It has no tag and starts with 32 free bytes, so its key must sign nothing else.
 */
export const kfragMessage = (
  id: Uint8Array,
  U1: Encoded,
  X: Encoded,
  A: Encoded | undefined,
  B: Encoded | undefined,
): Uint8Array => concat(id, U1, X, optionalKey(A), optionalKey(B));

/** ECDSA digest of a message. */
export const messageDigest = (message: Uint8Array): Uint8Array => curve.sha256(message);

/** RFC 5869 with SHA-256, no salt. */
const derive = (secret: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  hkdf(sha256, secret, undefined, info, length);

/** The key of the data encapsulation, 32 bytes. @param K the shared point */
export const hashKey = (K: Encoded): Uint8Array => curve.hkdf(K);

/** The tag of the hash is the whole info, label included. */
export const factoryKey = (seed: Uint8Array, label: Uint8Array): Scalar => {
  const info = concat(TAGS.makeKey, label);
  return hashToScalar(info, derive(seed, info, 64));
};
export const factoryFactory = (seed: Uint8Array, label: Uint8Array): Uint8Array =>
  derive(seed, concat(TAGS.makeFactory, label), 32);
export const factorySecret = (seed: Uint8Array, label: Uint8Array): Uint8Array =>
  derive(seed, concat(TAGS.makeSecret, label), 64);
