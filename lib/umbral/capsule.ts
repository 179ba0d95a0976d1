// Capsule of Umbral: the public value that accompanies a ciphertext. The symmetric key is derived from the capsule, with the secret delegating key, or with the
// secret receiving key and enough capsule fragments.
import { concat, systemRng, type Rng } from '../bytes/binary.ts';
import { array, bin, reader } from './message-pack.ts';
import { curve } from './curve/chosen-backend.ts';
import { atIndex, UmbralError } from './errors.ts';
import { Capsule } from './objects.ts';
import { hashCapsule } from './hashes.ts';
import { decodeScalar, encodeScalar, mul, neg, randomWeight, type Scalar } from './curve/scalar.ts';

export type { Capsule } from './objects.ts';
export { decodePublicKey, encodePublicKey, type PublicKey } from './public-key.ts';

export const CAPSULE_BYTES = 105;

/** Computes h, the challenge that binds E, V and s together. */
export const challengeOf = ({ e, v }: Pick<Capsule, 'e' | 'v'>): Scalar =>
  hashCapsule(curve.encode(e), curve.encode(v));

/** Returns E, V and s without framing, 98 bytes. They are the additional authenticated data of the data encapsulation. */
export const capsuleFields = ({ e, v, s }: Capsule): Uint8Array =>
  concat(curve.encode(e), curve.encode(v), encodeScalar(s));

/** Encodes a capsule, 105 bytes. */
export const encodeCapsule = ({ e, v, s }: Capsule): Uint8Array =>
  concat(array(3), bin(curve.encode(e)), bin(curve.encode(v)), bin(encodeScalar(s)));

/** Checks q = -p, on encoded points. If V is -E, the symmetric key of a capsule would be derived from the neutral point, so such a capsule is refused. */
const isOpposite = (p: Uint8Array, q: Uint8Array): boolean => p[0] !== q[0] && p.every((b, i) => i === 0 || b === q[i]);

const isDegenerate = ({ e, v }: Capsule): boolean => isOpposite(curve.encode(e), curve.encode(v));

const parse = (bytes: Uint8Array): Capsule => {
  const r = reader(bytes, CAPSULE_BYTES, 'capsule');
  r.array(3);
  const e = curve.decode(r.bin(33));
  const v = curve.decode(r.bin(33));
  return new Capsule(e, v, decodeScalar(r.bin(32)));
};

/**
 * Checks [s]G = V + [h]E for every capsule in one sum. The random weights are drawn after the capsules are fixed, so the errors of two capsules
 * cannot cancel each other (probability 2^-127). All values are public.
 */
const selfChecksPass = (capsules: readonly Capsule[], rng: Rng): boolean => {
  const [first, ...others] = capsules.map((c) => ({ c, h: challengeOf(c) }));
  if (first === undefined) return true;
  return curve.checkLinear(
    [
      ['G', first.c.s],
      [first.c.e, neg(first.h)],
      ...others.flatMap(({ c: { e, v, s }, h }) => {
        const w = randomWeight(rng);
        return [['G', mul(w, s)] as const, [e, neg(mul(w, h))] as const, [v, neg(w)] as const];
      }),
    ],
    first.c.v,
  );
};

/**
 * Decodes and checks several capsules. One call is cheaper than one call for each capsule.
 * @param list each 105 bytes
 * @param rng for the weights of the check
 * @throws {UmbralError} as {@link decodeCapsule}; `index` is that of the first malformed capsule, or else of the first that fails its check
 */
export const decodeCapsules = (list: readonly Uint8Array[], rng: Rng = systemRng): Capsule[] => {
  const capsules = list.map((bytes, index) => atIndex(index, () => parse(bytes)));
  if (selfChecksPass(capsules, rng) && !capsules.some(isDegenerate)) return capsules;
  const index = capsules.findIndex((c) => isDegenerate(c) || !selfChecksPass([c], rng));
  const why = isDegenerate(capsules[index]!) ? 'is degenerate' : 'fails its self check';
  throw new UmbralError('bad-capsule', `the capsule ${why}`, index);
};

/**
 * Decodes and checks one capsule.
 * @param bytes 105
 * @throws {UmbralError} `bad-encoding`, `bad-point`, `bad-scalar`; `bad-capsule` when the self check fails or V = -E
 */
export const decodeCapsule = (bytes: Uint8Array): Capsule => decodeCapsules([bytes])[0]!;
