// Proxy role of Umbral: re-encrypts a capsule from the delegating key to the receiving key and learns nothing. The service imports this file.
import { systemRng, type Rng } from '../bytes/binary.ts';
import { proofChallenge } from './cfrag.ts';
import { curve } from './curve/curve.ts';
import { UmbralError } from './errors.ts';
import { KeyFrag, VerifiedCapsuleFrag, VerifiedKeyFrag, type Capsule } from './objects.ts';
import { decodeKFrag } from './kfrag.ts';
import { add, mul, randomScalar } from './curve/scalar.ts';

export { decodeCapsule, decodeCapsules, encodeCapsule, type Capsule } from './capsule.ts';
export { encodeCFrag, type VerifiedCapsuleFrag } from './cfrag.ts';
export { curveChoice } from './curve/curve.ts';
export { decodeKFrag, encodeKFrag, kfragId, verifyKFrag, type KeyFrag, type VerifiedKeyFrag } from './kfrag.ts';
export { decodePublicKey, encodePublicKey, type PublicKey } from './public-key.ts';
export { verifyMessage } from './ecdsa-verify.ts';

/**
 * Re-encrypts a capsule and proves it. `rng` must be sound: a proof nonce that repeats or becomes known reveals the share.
 * @throws {UmbralError} `kfrag-invalid` for a key fragment that was not verified, if the compiler did not find that
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
 * Hazard: decodes a key fragment and treats it as verified without checking its share and signature. Use it only for bytes that this service stored after
 * {@link verifyKFrag}, in storage that nobody else can write to.
 * @param bytes 310
 * @throws {UmbralError} as {@link decodeKFrag}
 */
export const trustStoredKFrag = (bytes: Uint8Array): VerifiedKeyFrag => {
  const kfrag = decodeKFrag(bytes);
  return new VerifiedKeyFrag(kfrag.fields, KeyFrag.keyOf(kfrag));
};

/**
 * Cache of decoded key fragments (see {@link trustStoredKFrag}), least recently used out first. The key is the bytes, which the caller reads from storage
 * each time, so a deleted fragment is never used again. It contains shares, which are secret to the proxy.
 */
export class StoredKFrags {
  readonly #capacity: number;
  /** In the order of use, the last one at the end. */
  readonly #decoded = new Map<string, VerifiedKeyFrag>();

  /** @param capacity key fragments, about 1 KiB each */
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
