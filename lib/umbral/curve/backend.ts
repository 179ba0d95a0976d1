// What the scheme needs of the curve and of SHA-256, and nothing about how it is done. An implementation owns its points; nobody else looks inside.
import type { Scalar } from './scalar.ts';

declare const point: unique symbol;
/** A point of secp256k1 other than the identity. Opaque. */
export interface Point {
  readonly [point]: true;
}

/** A point, or one of the two that never change: the generator G and the parameter U. */
export type Base = Point | 'G' | 'U';

/** Secret-dependent operations are constant time as far as the implementation can; those for public inputs are marked. */
export interface Backend {
  /** SEC 1 compressed, 33 bytes. @throws {UmbralError} `bad-point` */
  readonly decode: (bytes: Uint8Array) => Point;
  /** SEC 1 compressed, 33 bytes, kept with the point: not to be written to. */
  readonly encode: (p: Point) => Uint8Array;
  /** [k]P of each pair; k secret and not zero. */
  readonly muls: (list: readonly (readonly [Base, Scalar])[]) => Point[];
  /** sum [k_i]P_i of each list; k_i secret and not zero; equal points allowed. @throws {UmbralError} `bad-point` when a sum is the identity */
  readonly sums: (list: readonly (readonly (readonly [Point, Scalar])[])[]) => Point[];
  /** p + q. @throws {UmbralError} `bad-point` when the sum is the identity */
  readonly add: (p: Point, q: Point) => Point;
  /** [k](p + q); k secret and not zero. @throws {UmbralError} `bad-point` when the sum is the identity */
  readonly addMul: (p: Point, q: Point, k: Scalar) => Point;
  /** Whether sum [k_i]P_i = equals. Variable time in the scalars: public ones only. */
  readonly checkLinear: (terms: readonly (readonly [Base, Scalar])[], equals: Point) => boolean;
  /** 1/k mod n; k secret and not zero. */
  readonly inv: (k: Scalar) => Scalar;
  /** ECDSA of a digest[32], nonce by RFC 6979 with extra[32] as additional data; r||s, low s. */
  readonly sign: (digest: Uint8Array, key: Scalar, extra: Uint8Array) => Uint8Array;
  /** ECDSA, r||s; refuses high s. All inputs public. */
  readonly verify: (signature: Uint8Array, digest: Uint8Array, key: Point) => boolean;
  readonly sha256: (message: Uint8Array) => Uint8Array;
  /** HKDF with SHA-256, no salt and no info: 32 bytes. */
  readonly hkdf: (secret: Uint8Array) => Uint8Array;
}
