// The proxy: turns a capsule for the delegating key into a fragment for the receiving key, without learning anything. The service's door.
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
 * Re-encrypts with proof. `rng` must be sound: a proof nonce that repeats or leaks gives the share away.
 * @throws {UmbralError} `kfrag-invalid` for a fragment that was not verified, where the compiler did not see it
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
 * Hazard. Takes a fragment as verified because it was verified when it was stored: only for bytes that this very service wrote after
 * {@link verifyKFrag}, from a place that nobody else can write to. Its form is still checked; its share and signature are not.
 * @param bytes 310
 * @throws {UmbralError} as {@link decodeKFrag}
 */
export const trustStoredKFrag = (bytes: Uint8Array): VerifiedKeyFrag => {
  const kfrag = decodeKFrag(bytes);
  return new VerifiedKeyFrag(kfrag.fields, KeyFrag.keyOf(kfrag));
};

/**
 * Fragments as {@link trustStoredKFrag} decoded them, by their bytes: whoever asks has read the bytes just now, so a fragment that was deleted since is never
 * used. Holds shares, which are secret to the proxy, of the last ones used.
 */
export class StoredKFrags {
  readonly #most: number;
  /** The last used last. */
  readonly #decoded = new Map<string, VerifiedKeyFrag>();

  /** @param most fragments held, some 1 KiB each */
  constructor(most = 100) {
    this.#most = most;
  }

  /** @param bytes 310. @throws {UmbralError} as {@link decodeKFrag} */
  trust(bytes: Uint8Array): VerifiedKeyFrag {
    const name = String.fromCharCode(...bytes);
    const kfrag = this.#decoded.get(name) ?? trustStoredKFrag(bytes);
    this.#decoded.delete(name);
    this.#decoded.set(name, kfrag);
    for (const oldest of this.#decoded.keys()) {
      if (this.#decoded.size <= this.#most) break;
      this.#decoded.delete(oldest);
    }
    return kfrag;
  }
}
