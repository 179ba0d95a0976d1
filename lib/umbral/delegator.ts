// Delegator role of Umbral (the patient): opens what was encrypted to its own key, and makes the key fragments that let proxies re-encrypt for one recipient.
import { systemRng, type Rng } from '../bytes/binary.ts';
import type { Point } from './curve/backend.ts';
import { curve } from './curve/chosen-backend.ts';
import { openWith } from './data-encapsulation.ts';
import { UmbralError } from './errors.ts';
import { VerifiedKeyFrag, type Capsule } from './objects.ts';
import { hashIndex, hashKey, hashSecret, kfragMessage } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { add, areDistinct, draw, isZero, mul, randomScalar, type Scalar } from './curve/scalar.ts';
import { publicKeyOf, SecretKey } from './secret-key.ts';
import { signMessage } from './ecdsa-sign.ts';

/** Derives the key of a capsule, 32 bytes, secret. */
export const decapsulateOriginal = (key: SecretKey, capsule: Capsule): Uint8Array =>
  hashKey(curve.encode(curve.addMul(capsule.e, capsule.v, SecretKey.scalarOf(key))));

/** @throws {UmbralError} `decryption-failed` */
export const decryptOriginal = (key: SecretKey, capsule: Capsule, ciphertext: Uint8Array): Uint8Array =>
  openWith(decapsulateOriginal(key, capsule), capsule, ciphertext);

export interface KFragInput {
  /** a, the secret delegating key. */
  readonly delegating: SecretKey;
  /** B, the receiving public key. */
  readonly receiving: PublicKey;
  /** w, the key fragment signer. It must sign nothing else. */
  readonly signer: SecretKey;
  /** How many proxies must re-encrypt before the recipient can open. */
  readonly threshold: number;
  /** How many key fragments are made, one for each proxy. */
  readonly shares: number;
  /** Whether to sign the delegating key too, so that the proxy can check it. The default is true. */
  readonly signDelegating?: boolean;
  /** Whether to sign the receiving key too, so that the proxy can check it. The default is true. */
  readonly signReceiving?: boolean;
  /**
   * Whether to make two signatures, one for the proxy and one for the receiver, even if both sign the same message, as other implementations do. The key
   * fragment does not show whether this was done. One signature is faster. The default is false.
   */
  readonly separateSignatures?: boolean;
  readonly rng?: Rng;
}

/** Evaluates the polynomial with these coefficients at x. The constant coefficient comes first. */
const evaluate = (coefficients: readonly Scalar[], x: Scalar): Scalar =>
  coefficients.reduceRight((sum, c) => add(mul(sum, x), c));

const checkCounts = (threshold: number, shares: number): void => {
  if (!Number.isSafeInteger(threshold) || !Number.isSafeInteger(shares) || threshold < 1 || threshold > shares)
    throw new UmbralError('bad-threshold', 'the threshold must be at least 1 and at most the number of shares');
};

/**
 * Makes the key fragments of one delegation. `threshold` of them, together with the recipient's secret key, open everything that is encrypted to the delegating
 * key. Together they even reveal the delegating key: so delegate only a key that was made for delegation.
 * @throws {UmbralError} `bad-threshold`
 */
export const generateKFrags = (input: KFragInput): VerifiedKeyFrag[] => {
  const { delegating, receiving, signer, threshold, shares, rng = systemRng } = input;
  const { signDelegating = true, signReceiving = true, separateSignatures = false } = input;
  checkCounts(threshold, shares);
  const A = curve.encode(publicKeyOf(delegating).point);
  const B = curve.encode(receiving.point);

  const x = randomScalar(rng);
  const [precursor, dh] = curve.muls([
    ['G', x],
    [receiving.point, x],
  ]) as [Point, Point];
  const X = curve.encode(precursor);
  const T = curve.encode(dh);
  const coefficients = [mul(SecretKey.scalarOf(delegating), curve.inv(hashSecret(X, B, T)))];
  while (coefficients.length < threshold) coefficients.push(randomScalar(rng));

  const oneSignature = signDelegating && signReceiving && !separateSignatures;
  const drafts = Array.from({ length: shares }, () => {
    const id = draw(rng, 32);
    const index = hashIndex(X, B, T, id);
    return {
      id,
      index,
      key: evaluate(coefficients, index),
      forReceiver: draw(rng, 32),
      forProxy: oneSignature ? undefined : draw(rng, 32),
    };
  });
  // A zero rk, or two equal indices, occur only if the source of randomness is broken (or with probability 2^-256). No key fragment is made then.
  if (drafts.some(({ key }) => isZero(key)) || !areDistinct(drafts.map(({ index }) => index)))
    throw new UmbralError('bad-randomness', 'a share is zero or two have the same index');

  const commitments = curve.muls(drafts.map(({ key }) => ['U', key]));
  return drafts.map(({ id, key, forReceiver, forProxy }, i) => {
    const commitment = commitments[i]!;
    const U1 = curve.encode(commitment);
    const receiverSignature = signMessage(signer, kfragMessage(id, U1, X, A, B), () => forReceiver);
    const toProxy = kfragMessage(id, U1, X, signDelegating ? A : undefined, signReceiving ? B : undefined);
    const proxySignature = forProxy === undefined ? receiverSignature : signMessage(signer, toProxy, () => forProxy);
    return new VerifiedKeyFrag(
      {
        id,
        precursor,
        commitment,
        proxySignature,
        receiverSignature,
        signsDelegating: signDelegating,
        signsReceiving: signReceiving,
      },
      key,
    );
  });
};
