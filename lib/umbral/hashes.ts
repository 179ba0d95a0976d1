// Hash functions and signed messages of Umbral: the domain-separation tags and the order of the inputs. docs/spec/umbral.md has them as tables.
// Points are encoded (SEC 1 compressed, 33 bytes). Capital letters are the names of points in the scheme.
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, u32, u8 } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { curve } from './curve/chosen-backend.ts';
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

/** Computes SHA-256 of u32(length of tag), tag and parts, and maps it to a scalar in [1, n-1]. */
export const hashToScalar = (tag: Uint8Array, ...parts: readonly Uint8Array[]): Scalar =>
  hashed(prefixed(tag), ...parts);

/** The challenge in a capsule. */
export const hashCapsule = (E: Encoded, V: Encoded): Scalar => hashed(TAGS.capsule, E, V);

/** d, the secret that only delegator and recipient can compute. @param T the Diffie-Hellman point [x]B = [b]X */
export const hashSecret = (X: Encoded, B: Encoded, T: Encoded): Scalar => hashed(TAGS.secret, X, B, T);

/** The argument at which the polynomial is evaluated for the key fragment with this id[32]. */
export const hashIndex = (X: Encoded, B: Encoded, T: Encoded, id: Uint8Array): Scalar =>
  hashed(TAGS.index, X, B, T, id);

/** The challenge of the re-encryption proof. The inputs are all E, then all V, then all U: another order than in the encoding of a capsule fragment. */
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

/** The message that the key fragment signer signs, 100, 133 or 166 bytes. It has no tag and begins with 32 random bytes, so the key must sign nothing else. */
export const kfragMessage = (
  id: Uint8Array,
  U1: Encoded,
  X: Encoded,
  A: Encoded | undefined,
  B: Encoded | undefined,
): Uint8Array => concat(id, U1, X, optionalKey(A), optionalKey(B));

/** The digest of a message for ECDSA. */
export const messageDigest = (message: Uint8Array): Uint8Array => curve.sha256(message);

/** HKDF (RFC 5869) with SHA-256 and without salt. */
const derive = (secret: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  hkdf(sha256, secret, undefined, info, length);

/** The key of the data encapsulation, 32 bytes. @param K the shared point */
export const hashKey = (K: Encoded): Uint8Array => curve.hkdf(K);

/** Derives a secret scalar. The tag of {@link hashToScalar} is the whole `info`, which contains the label. */
export const factoryKey = (seed: Uint8Array, label: Uint8Array): Scalar => {
  const info = concat(TAGS.makeKey, label);
  return hashToScalar(info, derive(seed, info, 64));
};
export const factoryFactory = (seed: Uint8Array, label: Uint8Array): Uint8Array =>
  derive(seed, concat(TAGS.makeFactory, label), 32);
export const factorySecret = (seed: Uint8Array, label: Uint8Array): Uint8Array =>
  derive(seed, concat(TAGS.makeSecret, label), 64);
