// Delegatee role of Umbral (the recipient): derives the key of a capsule from enough capsule fragments and the receiving key.
import { equalBytes } from '../bytes/binary.ts';
import { challengeOf } from './capsule.ts';
import { curve } from './curve/chosen-backend.ts';
import { openWith } from './data-encapsulation.ts';
import { UmbralError } from './errors.ts';
import { VerifiedCapsuleFrag, type Capsule } from './objects.ts';
import { hashIndex, hashKey, hashSecret } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { areDistinct, mul, neg, product, sub, type Scalar } from './curve/scalar.ts';
import { publicKeyOf, SecretKey } from './secret-key.ts';

const refused = (why: string): UmbralError => new UmbralError('bad-cfrags', `the capsule fragments do not fit: ${why}`);

/** Maximum number of sets of fragments whose weights are cached. Any t of n fragments are a set, so without a limit there could be very many. */
const MAX_SETS = 64;

/** Computes the secret weight of each fragment in the sum: w_i = d * prod x_j / (x_j - x_i) over all j except i, a Lagrange coefficient times the secret d. */
const weights = (d: Scalar, indices: readonly Scalar[]): Scalar[] =>
  indices.map((xi, i) => {
    const others = indices.filter((_, j) => j !== i);
    return mul(product([d, ...others]), curve.inv(product(others.map((xj) => sub(xj, xi)))));
  });

/**
 * Computes the weight of each fragment. The weights are secret. They depend only on X (the precursor of the fragments), the fragment ids and the receiving key.
 * @throws {UmbralError} `bad-cfrags`
 */
const weightsOf = (receiving: SecretKey, cfrags: readonly VerifiedCapsuleFrag[]): readonly Scalar[] => {
  const precursor = cfrags[0]?.fields.precursor;
  if (precursor === undefined) throw refused('there are none');
  const X = curve.encode(precursor);
  if (!cfrags.every((c) => equalBytes(curve.encode(c.fields.precursor), X)))
    throw refused('they are of different delegations');
  const B = curve.encode(publicKeyOf(receiving).point);
  const T = curve.encode(curve.muls([[precursor, SecretKey.scalarOf(receiving)]])[0]!);
  const indices = cfrags.map((c) => hashIndex(X, B, T, c.fields.id));
  if (!areDistinct(indices)) throw refused('one comes twice');
  return weights(hashSecret(X, B, T), indices);
};

const opened = (
  delegating: PublicKey,
  capsule: Capsule,
  cfrags: readonly VerifiedCapsuleFrag[],
  w: readonly Scalar[],
): Uint8Array => {
  const [p, q] = curve.sums([
    cfrags.map((c, i) => [c.fields.e1, w[i]!] as const),
    cfrags.map((c, i) => [c.fields.v1, w[i]!] as const),
  ]) as [Capsule['e'], Capsule['e']];
  // Checks [s]A = Q + [h]P. The scalars are public, the points are secret.
  const fits = curve.checkLinear(
    [
      [delegating.point, capsule.s],
      [p, neg(challengeOf(capsule))],
    ],
    q,
  );
  if (!fits) throw refused('they are too few, or not of this capsule and these keys');
  return hashKey(curve.encode(curve.add(p, q)));
};

const assertVerified = (cfrags: readonly VerifiedCapsuleFrag[]): void => {
  if (!cfrags.every((c) => c instanceof VerifiedCapsuleFrag)) throw refused('they were not verified');
};

/**
 * Opens capsules that were re-encrypted for one delegation. Values that depend on the delegation alone (a Diffie-Hellman point, an inversion, some hashes) are
 * computed once for each set of fragments. The object contains secrets: drop it together with the receiving key.
 */
export class CapsuleOpener {
  readonly #receiving: SecretKey;
  readonly #delegating: PublicKey;
  /** Maps the ids and X of a set of fragments, in their order, to the weights. Apart from the receiving key, the weights depend on nothing else. */
  readonly #weights = new Map<string, readonly Scalar[]>();

  /**
   * @param receiving b, the secret receiving key
   * @param delegating A, the delegating public key
   */
  constructor(receiving: SecretKey, delegating: PublicKey) {
    this.#receiving = receiving;
    this.#delegating = delegating;
  }

  /**
   * Derives the key of a capsule, 32 bytes, secret. The fragments may come in any order, and there may be more than the threshold.
   * @throws {UmbralError} `bad-cfrags` for no fragments, unverified ones, different delegations, one fragment twice, or fragments that do not open this capsule
   */
  decapsulate(capsule: Capsule, cfrags: readonly VerifiedCapsuleFrag[]): Uint8Array {
    assertVerified(cfrags);
    const name = cfrags.map(({ fields: f }) => String.fromCharCode(...f.id, ...curve.encode(f.precursor))).join('');
    let w = this.#weights.get(name);
    if (w === undefined) {
      w = weightsOf(this.#receiving, cfrags);
      if (this.#weights.size >= MAX_SETS) this.#weights.clear();
      this.#weights.set(name, w);
    }
    return opened(this.#delegating, capsule, cfrags, w);
  }

  /** @throws {UmbralError} as {@link decapsulate}; `decryption-failed` */
  decrypt(capsule: Capsule, cfrags: readonly VerifiedCapsuleFrag[], ciphertext: Uint8Array): Uint8Array {
    return openWith(this.decapsulate(capsule, cfrags), capsule, ciphertext);
  }
}

/** Opens one capsule and remembers nothing. For several capsules use {@link CapsuleOpener}. @throws {UmbralError} `bad-cfrags` */
export const decapsulateReencrypted = (
  receiving: SecretKey,
  delegating: PublicKey,
  capsule: Capsule,
  cfrags: readonly VerifiedCapsuleFrag[],
): Uint8Array => {
  assertVerified(cfrags);
  return opened(delegating, capsule, cfrags, weightsOf(receiving, cfrags));
};

/** @throws {UmbralError} as {@link decapsulateReencrypted}; `decryption-failed` */
export const decryptReencrypted = (
  receiving: SecretKey,
  delegating: PublicKey,
  capsule: Capsule,
  cfrags: readonly VerifiedCapsuleFrag[],
  ciphertext: Uint8Array,
): Uint8Array => openWith(decapsulateReencrypted(receiving, delegating, capsule, cfrags), capsule, ciphertext);
