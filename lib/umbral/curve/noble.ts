// Backend on @noble/curves. It is the reference for tests, and the fallback where the kernel cannot run.
import { mulAddUnsafe, type CurvePointCons } from '@noble/curves/abstract/curve.js';
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { systemRng } from '../../bytes/binary.ts';
import type { Backend, Base, Point } from './backend.ts';
import { UmbralError } from '../errors.ts';
import { PARAMETER_U } from './parameter.ts';
import { encodeScalar, mul, randomScalar, type Scalar } from './scalar.ts';

type Inner = WeierstrassPoint<bigint>;
/** `bytes` is the encoding; it is computed at the first use. */
interface PointData {
  readonly inner: Inner;
  bytes: Uint8Array | undefined;
}

const Curve = secp256k1.Point;
const asPoint = (inner: Inner, bytes?: Uint8Array): Point => ({ inner, bytes }) satisfies PointData as unknown as Point;
const dataOf = (p: Point): PointData => p as unknown as PointData;
const U = Curve.fromBytes(PARAMETER_U).precompute(6);

const inner = (base: Base): Inner => (base === 'G' ? Curve.BASE : base === 'U' ? U : dataOf(base).inner);

const notIdentity = (p: Inner): Inner => {
  if (p.is0()) throw new UmbralError('bad-point', 'the sum is the identity');
  return p;
};

const decode = (bytes: Uint8Array): Point => {
  // noble also decodes the uncompressed form of 65 bytes. Only the compressed form is accepted here.
  if (bytes.length === 33) {
    try {
      return asPoint(Curve.fromBytes(bytes), bytes.slice());
    } catch {
      // The error of the library may contain the input, so this function throws an error of its own.
    }
  }
  throw new UmbralError('bad-point', 'not a compressed point of secp256k1');
};

const encode = (p: Point): Uint8Array => (dataOf(p).bytes ??= dataOf(p).inner.toBytes(true));

// `multiply` is noble's constant-time path: fixed windows, full table scans, blinded scalar.
const times = (base: Base, k: Scalar): Inner => inner(base).multiply(k);

const sum = (terms: readonly (readonly [Point, Scalar])[]): Point =>
  asPoint(notIdentity(terms.map(([p, k]) => times(p, k)).reduce((a, b) => a.add(b), Curve.ZERO)));

const add = (p: Point, q: Point): Point => asPoint(notIdentity(inner(p).add(inner(q))));

const checkLinear = (terms: readonly (readonly [Base, Scalar])[], equals: Point): boolean => {
  // The time depends on the scalars: callers pass public scalars only (backend.ts). It does not depend on the points, so these may be secret.
  const points = terms.map(([p]) => inner(p));
  const scalars = terms.map(([, k]) => k);
  return mulAddUnsafe<Inner, CurvePointCons<Inner>>(Curve, points, scalars).equals(inner(equals));
};

/** Inverts k times a random factor: the extended Euclidean algorithm is not constant time, and this way its input is a uniformly random number. */
const inv = (k: Scalar): Scalar => {
  const blind = randomScalar(systemRng);
  return mul(blind, Curve.Fn.inv(mul(blind, k)) as Scalar);
};

export const noble: Backend = {
  decode,
  encode,
  muls: (list) => list.map(([base, k]) => asPoint(times(base, k))),
  sums: (list) => list.map(sum),
  add,
  addMul: (p, q, k) => asPoint(times(add(p, q), k)),
  checkLinear,
  inv,
  sign: (digest, key, extra) =>
    secp256k1.sign(digest, encodeScalar(key), { prehash: false, lowS: true, extraEntropy: extra }),
  // All inputs are public, so the variable-time verification of noble is safe here.
  verify: (signature, digest, key) => secp256k1.verify(signature, digest, encode(key), { prehash: false, lowS: true }),
  sha256,
  hkdf: (secret) => hkdf(sha256, secret, undefined, undefined, 32),
};
