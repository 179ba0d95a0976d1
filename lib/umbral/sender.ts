// Sender role of Umbral: encrypts to a public key, or encapsulates a fresh symmetric key for it.
import { systemRng, type Rng } from '../bytes/binary.ts';
import type { Point } from './curve/backend.ts';
import { challengeOf } from './capsule.ts';
import { curve } from './curve/chosen-backend.ts';
import { sealWith } from './data-encapsulation.ts';
import { UmbralError } from './errors.ts';
import { Capsule } from './objects.ts';
import { hashKey } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { add, isZero, mul, randomScalar } from './curve/scalar.ts';

export interface Encapsulation {
  readonly capsule: Capsule;
  /** 32 bytes, secret. */
  readonly key: Uint8Array;
}

/** Makes a random symmetric key, and the capsule from which the owner of the secret key derives that symmetric key. */
export const encapsulate = (to: PublicKey, rng: Rng = systemRng): Encapsulation => {
  const r = randomScalar(rng);
  const u = randomScalar(rng);
  const sum = add(r, u);
  if (isZero(sum)) throw new UmbralError('bad-randomness', 'two random scalars cancel');
  const [e, v, shared] = curve.muls([
    ['G', r],
    ['G', u],
    [to.point, sum],
  ]) as [Point, Point, Point];
  const s = add(u, mul(r, challengeOf({ e, v })));
  return { capsule: new Capsule(e, v, s), key: hashKey(curve.encode(shared)) };
};

export interface Encryption {
  readonly capsule: Capsule;
  /** nonce[24], ciphertext, tag[16]. */
  readonly ciphertext: Uint8Array;
}

export const encrypt = (to: PublicKey, plaintext: Uint8Array, rng: Rng = systemRng): Encryption => {
  const { capsule, key } = encapsulate(to, rng);
  return { capsule, ciphertext: sealWith(key, capsule, plaintext, rng) };
};
