// The backend on @noble/curves: reference and fallback.
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
/** `bytes`: the encoding, once somebody asked for it. */
interface Held {
  readonly inner: Inner;
  bytes: Uint8Array | undefined;
}

const Curve = secp256k1.Point;
const hold = (inner: Inner, bytes?: Uint8Array): Point => ({ inner, bytes }) satisfies Held as unknown as Point;
const held = (p: Point): Held => p as unknown as Held;
const U = Curve.fromBytes(PARAMETER_U).precompute(6);

const inner = (base: Base): Inner => (base === 'G' ? Curve.BASE : base === 'U' ? U : held(base).inner);

const notIdentity = (p: Inner): Inner => {
  if (p.is0()) throw new UmbralError('bad-point', 'the sum is the identity');
  return p;
};

const decode = (bytes: Uint8Array): Point => {
  // noble also reads 65 bytes; the form that is accepted here is the compressed one only.
  if (bytes.length === 33) {
    try {
      return hold(Curve.fromBytes(bytes), bytes.slice());
    } catch {
      // The library's message may repeat the input; ours does not.
    }
  }
  throw new UmbralError('bad-point', 'not a compressed point of secp256k1');
};

const encode = (p: Point): Uint8Array => (held(p).bytes ??= held(p).inner.toBytes(true));

// `multiply` is noble's constant-time path: fixed windows, full table scans, blinded scalar.
const times = (base: Base, k: Scalar): Inner => inner(base).multiply(k);

const sum = (terms: readonly (readonly [Point, Scalar])[]): Point =>
  hold(notIdentity(terms.map(([p, k]) => times(p, k)).reduce((a, b) => a.add(b), Curve.ZERO)));

const add = (p: Point, q: Point): Point => hold(notIdentity(inner(p).add(inner(q))));

const checkLinear = (terms: readonly (readonly [Base, Scalar])[], equals: Point): boolean => {
  // Variable time: callers pass public scalars only (backend.ts). Points may be secret, the walk does not depend on them.
  const points = terms.map(([p]) => inner(p));
  const scalars = terms.map(([, k]) => k);
  return mulAddUnsafe<Inner, CurvePointCons<Inner>>(Curve, points, scalars).equals(inner(equals));
};

/** Blinded: the extended Euclid only ever sees a uniformly random number. */
const inv = (k: Scalar): Scalar => {
  const blind = randomScalar(systemRng);
  return mul(blind, Curve.Fn.inv(mul(blind, k)) as Scalar);
};

export const noble: Backend = {
  decode,
  encode,
  muls: (list) => list.map(([base, k]) => hold(times(base, k))),
  sums: (list) => list.map(sum),
  add,
  addMul: (p, q, k) => hold(times(add(p, q), k)),
  checkLinear,
  inv,
  sign: (digest, key, extra) =>
    secp256k1.sign(digest, encodeScalar(key), { prehash: false, lowS: true, extraEntropy: extra }),
  // Public inputs only, so noble's variable-time verification is fine.
  verify: (signature, digest, key) => secp256k1.verify(signature, digest, encode(key), { prehash: false, lowS: true }),
  sha256,
  hkdf: (secret) => hkdf(sha256, secret, undefined, undefined, 32),
};
