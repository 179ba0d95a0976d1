// Proxy role of Umbral: re-encrypts a capsule from the delegating key to the receiving key. It learns nothing about the plaintext. The service imports
// this file.
import { systemRng, type Rng } from '../bytes/binary.ts';
import { proofChallenge } from './cfrag.ts';
import { curve } from './curve/chosen-backend.ts';
import { UmbralError } from './errors.ts';
import { KeyFrag, VerifiedCapsuleFrag, VerifiedKeyFrag, type Capsule } from './objects.ts';
import { decodeKFrag } from './kfrag.ts';
import { add, mul, randomScalar } from './curve/scalar.ts';

export { decodeCapsule, decodeCapsules, encodeCapsule, type Capsule } from './capsule.ts';
export { encodeCFrag, type VerifiedCapsuleFrag } from './cfrag.ts';
export { curveChoice } from './curve/chosen-backend.ts';
export { decodeKFrag, encodeKFrag, kfragId, verifyKFrag, type KeyFrag, type VerifiedKeyFrag } from './kfrag.ts';
export { decodePublicKey, encodePublicKey, type PublicKey } from './public-key.ts';
export { verifyMessage } from './ecdsa-verify.ts';

/**
 * Re-encrypts a capsule, and proves that the result is correct. `rng` must be sound: a proof nonce that repeats or becomes known reveals rk.
 * @throws {UmbralError} `kfrag-invalid` for a key fragment that was not verified. In TypeScript the compiler refuses it too
 */
export const reencrypt = (capsule: Capsule, kfrag: VerifiedKeyFrag, rng: Rng = systemRng): VerifiedCapsuleFrag => {
  if (!(kfrag instanceof VerifiedKeyFrag)) throw new UmbralError('kfrag-invalid', 'the key fragment was not verified');
  const key = KeyFrag.keyOf(kfrag);
  const t = randomScalar(rng);
  const [e1, v1, e2, v2, u2] = curve.muls([
    [capsule.e, key],
    [capsule.v, key],
    [capsule.e, t],
    [capsule.v, t],
    ['U', t],
  ]) as [Capsule['e'], Capsule['e'], Capsule['e'], Capsule['e'], Capsule['e']];
  const { id, precursor, commitment, receiverSignature } = kfrag.fields;
  const claims = { e1, v1, id, precursor, e2, v2, commitment, u2, receiverSignature };
  const z = add(t, mul(key, proofChallenge(capsule, claims)));
  return new VerifiedCapsuleFrag({ ...claims, z });
};

/**
 * Hazard: decodes a key fragment and treats it as verified without checking its rk and its signatures. Use it only for bytes that this service stored
 * after {@link verifyKFrag}, in storage that nobody else can write to.
 * @param bytes 310
 * @throws {UmbralError} as {@link decodeKFrag}
 */
export const trustStoredKFrag = (bytes: Uint8Array): VerifiedKeyFrag => {
  const kfrag = decodeKFrag(bytes);
  return new VerifiedKeyFrag(kfrag.fields, KeyFrag.keyOf(kfrag));
};

/**
 * Caches decoded key fragments (see {@link trustStoredKFrag}). A full cache drops the fragment that was not used for the longest time. A fragment is found by
 * its bytes, which the caller reads from storage each time. So a deleted fragment is never used again. The cache contains secrets of the proxy (rk).
 */
export class StoredKFrags {
  readonly #capacity: number;
  /** In the order of their last use: the most recent one is at the end. */
  readonly #decoded = new Map<string, VerifiedKeyFrag>();

  /** @param capacity how many key fragments are cached, about 1 KiB each */
  constructor(capacity = 100) {
    this.#capacity = capacity;
  }

  /** Decodes a key fragment, or takes it from the cache. @param bytes 310. @throws {UmbralError} as {@link decodeKFrag} */
  trust(bytes: Uint8Array): VerifiedKeyFrag {
    const name = String.fromCharCode(...bytes);
    const kfrag = this.#decoded.get(name) ?? trustStoredKFrag(bytes);
    this.#decoded.delete(name);
    this.#decoded.set(name, kfrag);
    for (const oldest of this.#decoded.keys()) {
      if (this.#decoded.size <= this.#capacity) break;
      this.#decoded.delete(oldest);
    }
    return kfrag;
  }
}
