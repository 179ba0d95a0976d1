// The recipient: opens a capsule with enough capsule fragments.
import { equalBytes } from '../bytes/binary.ts';
import { challengeOf } from './capsule.ts';
import { curve } from './curve/curve.ts';
import { openWith } from './data-encapsulation.ts';
import { UmbralError } from './errors.ts';
import { VerifiedCapsuleFrag, type Capsule } from './objects.ts';
import { hashIndex, hashKey, hashSecret } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { areDistinct, mul, neg, product, sub, type Scalar } from './curve/scalar.ts';
import { publicKeyOf, SecretKey } from './secret-key.ts';

const refused = (why: string): UmbralError => new UmbralError('bad-cfrags', `the capsule fragments do not fit: ${why}`);

/** Sets of shares that are remembered: any t of n, so bounded by use and not by the delegation. */
const MOST_SETS = 64;

/** w_i = d * prod x_j / (x_j - x_i): what each fragment counts in the sum. Secret. */
const weights = (d: Scalar, indices: readonly Scalar[]): Scalar[] =>
  indices.map((xi, i) => {
    const others = indices.filter((_, j) => j !== i);
    return mul(product([d, ...others]), curve.inv(product(others.map((xj) => sub(xj, xi)))));
  });

/** What the fragments count, in their order: of X, their ids and the receiving key alone. Secret. @throws {UmbralError} `bad-cfrags` */
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
  // [s]A = Q + [h]P. The scalars are public, the points are not.
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
 * Opens the capsules that were re-encrypted by one delegation. What depends on the delegation alone (a Diffie-Hellman point, an inversion, some hashes) is
 * computed once for each set of shares. Holds secrets: to be dropped with the receiving key.
 */
export class CapsuleOpener {
  readonly #receiving: SecretKey;
  readonly #delegating: PublicKey;
  /** By ids and X of the fragments, in their order: all that the weights depend on besides the keys. */
  readonly #weights = new Map<string, readonly Scalar[]>();

  /**
   * @param receiving b
   * @param delegating A
   */
  constructor(receiving: SecretKey, delegating: PublicKey) {
    this.#receiving = receiving;
    this.#delegating = delegating;
  }

  /**
   * The key of a capsule, 32 bytes, secret. The order of the fragments is free, and there may be more than the threshold.
   * @throws {UmbralError} `bad-cfrags` for none, unverified, of different delegations, the same twice, or together not enough to open this capsule
   */
  decapsulate(capsule: Capsule, cfrags: readonly VerifiedCapsuleFrag[]): Uint8Array {
    assertVerified(cfrags);
    const name = cfrags.map(({ fields: f }) => String.fromCharCode(...f.id, ...curve.encode(f.precursor))).join('');
    let w = this.#weights.get(name);
    if (w === undefined) {
      w = weightsOf(this.#receiving, cfrags);
      if (this.#weights.size >= MOST_SETS) this.#weights.clear();
      this.#weights.set(name, w);
    }
    return opened(this.#delegating, capsule, cfrags, w);
  }

  /** @throws {UmbralError} as {@link decapsulate}; `decryption-failed` */
  decrypt(capsule: Capsule, cfrags: readonly VerifiedCapsuleFrag[], ciphertext: Uint8Array): Uint8Array {
    return openWith(this.decapsulate(capsule, cfrags), capsule, ciphertext);
  }
}

/** One capsule alone, with nothing to remember; see {@link CapsuleOpener}. @throws {UmbralError} `bad-cfrags` */
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
