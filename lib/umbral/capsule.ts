// The capsule: what is sent beside a ciphertext, and what the delegating or receiving key turns into the ciphertext's key.
import { concat, systemRng, type Rng } from '../bytes/binary.ts';
import { array, bin, reader } from './message-pack.ts';
import { curve } from './curve/curve.ts';
import { atPlace, UmbralError } from './errors.ts';
import { Capsule } from './objects.ts';
import { hashCapsule } from './hashes.ts';
import { decodeScalar, encodeScalar, mul, neg, randomWeight, type Scalar } from './curve/scalar.ts';

export type { Capsule } from './objects.ts';
export { decodePublicKey, encodePublicKey, type PublicKey } from './public-key.ts';

export const CAPSULE_BYTES = 105;

/** h, the challenge that ties E, V and s together. */
export const challengeOf = ({ e, v }: Pick<Capsule, 'e' | 'v'>): Scalar =>
  hashCapsule(curve.encode(e), curve.encode(v));

/**
 * The bytes E, V, s without framing, 98 bytes: additional data of the encryption.
 */
export const capsuleFields = ({ e, v, s }: Capsule): Uint8Array =>
  concat(curve.encode(e), curve.encode(v), encodeScalar(s));

/** 105 bytes. */
export const encodeCapsule = ({ e, v, s }: Capsule): Uint8Array =>
  concat(array(3), bin(curve.encode(e)), bin(curve.encode(v)), bin(encodeScalar(s)));

/** With V = -E the shared point would be the identity. */
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
 * [s]G = V + [h]E of each, as one sum with random weights drawn after the capsules are fixed, so that errors cannot cancel (chance 2^-127).
 * All of it public.
 */
const areSound = (capsules: readonly Capsule[], rng: Rng): boolean => {
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
 * Several at once: for less than each alone.
 * @param list each 105 bytes
 * @param rng for the weights of the check
 * @throws {UmbralError} as {@link decodeCapsule}, with its place: for the first malformed one, else for the first wrong one
 */
export const decodeCapsules = (list: readonly Uint8Array[], rng: Rng = systemRng): Capsule[] => {
  const capsules = list.map((bytes, place) => atPlace(place, () => parse(bytes)));
  if (areSound(capsules, rng) && !capsules.some(isDegenerate)) return capsules;
  const place = capsules.findIndex((c) => isDegenerate(c) || !areSound([c], rng));
  const why = isDegenerate(capsules[place]!) ? 'is degenerate' : 'fails its self check';
  throw new UmbralError('bad-capsule', `the capsule ${why}`, place);
};

/**
 * @param bytes 105
 * @throws {UmbralError} `bad-encoding`, `bad-point`, `bad-scalar`; `bad-capsule` when the self check fails
 */
export const decodeCapsule = (bytes: Uint8Array): Capsule => decodeCapsules([bytes])[0]!;
