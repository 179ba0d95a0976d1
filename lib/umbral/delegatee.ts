// The recipient: opens a capsule with enough capsule fragments.
import { equalBytes } from '../bytes/binary.ts';
import { challengeOf } from './capsule.ts';
import { curve } from './curve.ts';
import { openWith } from './dem.ts';
import { UmbralError } from './errors.ts';
import { VerifiedCapsuleFrag, type Capsule } from './forms.ts';
import { hashIndex, hashKey, hashSecret } from './hashes.ts';
import type { PublicKey } from './publickey.ts';
import { areDistinct, mul, neg, product, sub, type Scalar } from './scalar.ts';
import { publicKeyOf, SecretKey } from './secretkey.ts';

const refused = (why: string): UmbralError => new UmbralError('bad-cfrags', `the capsule fragments do not fit: ${why}`);

/** w_i = d * prod x_j / (x_j - x_i): what each fragment counts in the sum. Secret. */
const weights = (d: Scalar, indices: readonly Scalar[]): Scalar[] =>
  indices.map((xi, i) => {
    const others = indices.filter((_, j) => j !== i);
    return mul(product([d, ...others]), curve.inv(product(others.map((xj) => sub(xj, xi)))));
  });

/**
 * The key of a capsule, 32 bytes, secret. The order of the fragments is free, and there may be more than the threshold.
 * @param receiving b
 * @param delegating A
 * @throws {UmbralError} `bad-cfrags` for none, unverified, of different delegations, the same twice, or together not enough to open this capsule
 */
export const decapsulateReencrypted = (
  receiving: SecretKey,
  delegating: PublicKey,
  capsule: Capsule,
  cfrags: readonly VerifiedCapsuleFrag[],
): Uint8Array => {
  if (!cfrags.every((c) => c instanceof VerifiedCapsuleFrag)) throw refused('they were not verified');
  const first = cfrags[0];
  if (first === undefined) throw refused('there are none');
  const X = curve.encode(first.fields.precursor);
  if (!cfrags.every((c) => equalBytes(curve.encode(c.fields.precursor), X)))
    throw refused('they are of different delegations');

  const B = curve.encode(publicKeyOf(receiving).point);
  const T = curve.encode(curve.muls([[first.fields.precursor, SecretKey.scalarOf(receiving)]])[0]!);
  const indices = cfrags.map((c) => hashIndex(X, B, T, c.fields.id));
  if (!areDistinct(indices)) throw refused('one comes twice');
  const w = weights(hashSecret(X, B, T), indices);
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

/** @throws {UmbralError} as {@link decapsulateReencrypted}; `decryption-failed` */
export const decryptReencrypted = (
  receiving: SecretKey,
  delegating: PublicKey,
  capsule: Capsule,
  cfrags: readonly VerifiedCapsuleFrag[],
  ciphertext: Uint8Array,
): Uint8Array => openWith(decapsulateReencrypted(receiving, delegating, capsule, cfrags), capsule, ciphertext);
