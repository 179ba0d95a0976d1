// Interface of a curve backend: the operations on secp256k1 and SHA-256 that the scheme needs.
import type { Scalar } from './scalar.ts';

declare const point: unique symbol;
/** A point of secp256k1 other than the identity. Only the backend that made it knows its form. */
export interface Point {
  readonly [point]: true;
}

/** A point, or one of the two fixed points: the generator G or the parameter U. */
export type Base = Point | 'G' | 'U';

/** Operations on secrets run in constant time as far as the implementation can. If an operation is safe only for public inputs, its comment says so. */
export interface Backend {
  /** Decodes a point (SEC 1 compressed, 33 bytes). @throws {UmbralError} `bad-point` */
  readonly decode: (bytes: Uint8Array) => Point;
  /** Encodes a point (SEC 1 compressed, 33 bytes). The array is stored with the point: do not write to it. */
  readonly encode: (p: Point) => Uint8Array;
  /** Computes [k]P for each pair. k is secret and not zero. */
  readonly muls: (list: readonly (readonly [Base, Scalar])[]) => Point[];
  /** Computes sum [k_i]P_i for each list. k_i is secret and not zero; a point may occur twice. @throws {UmbralError} `bad-point` when a sum is the identity */
  readonly sums: (list: readonly (readonly (readonly [Point, Scalar])[])[]) => Point[];
  /** Computes p + q. @throws {UmbralError} `bad-point` when the sum is the identity */
  readonly add: (p: Point, q: Point) => Point;
  /** Computes [k](p + q). k is secret and not zero. @throws {UmbralError} `bad-point` when the sum is the identity */
  readonly addMul: (p: Point, q: Point, k: Scalar) => Point;
  /** Checks sum [k_i]P_i = equals. The time depends on the scalars, so they must be public. */
  readonly checkLinear: (terms: readonly (readonly [Base, Scalar])[], equals: Point) => boolean;
  /** Computes 1/k mod n. k is secret and not zero. */
  readonly inv: (k: Scalar) => Scalar;
  /** Signs a digest[32] with ECDSA. The nonce follows RFC 6979 with extra[32] as additional data. Returns r||s with low s. */
  readonly sign: (digest: Uint8Array, key: Scalar, extra: Uint8Array) => Uint8Array;
  /** Verifies an ECDSA signature r||s; high s is refused. All inputs are public. */
  readonly verify: (signature: Uint8Array, digest: Uint8Array, key: Point) => boolean;
  readonly sha256: (message: Uint8Array) => Uint8Array;
  /** Derives 32 bytes with HKDF and SHA-256, without salt and info. */
  readonly hkdf: (secret: Uint8Array) => Uint8Array;
}
