// Capsule fragment of Umbral: a capsule that one proxy re-encrypted, with a proof that the proxy used the key fragment that the delegator signed.
import { concat, systemRng, type Rng } from '../bytes/binary.ts';
import type { Base, Point } from './curve/backend.ts';
import { array, bin, reader } from './message-pack.ts';
import { curve } from './curve/chosen-backend.ts';
import { UmbralError } from './errors.ts';
import { CapsuleFrag, VerifiedCapsuleFrag, type Capsule, type CapsuleFragFields } from './objects.ts';
import { hashProof, kfragMessage } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { add, decodeScalar, encodeScalar, mul, neg, ONE, randomWeight, ZERO, type Scalar } from './curve/scalar.ts';
import { checkedSignature, SIGNATURE_BYTES, verifyMessage } from './ecdsa-verify.ts';

export type { CapsuleFrag, VerifiedCapsuleFrag } from './objects.ts';

export const CFRAG_BYTES = 381;

/** Encodes a capsule fragment, 381 bytes. A verified fragment has the same encoding. */
export const encodeCFrag = ({ fields: f }: CapsuleFrag): Uint8Array =>
  concat(
    array(5),
    bin(curve.encode(f.e1)),
    bin(curve.encode(f.v1)),
    bin(f.id),
    bin(curve.encode(f.precursor)),
    array(6),
    bin(curve.encode(f.e2)),
    bin(curve.encode(f.v2)),
    bin(curve.encode(f.commitment)),
    bin(curve.encode(f.u2)),
    bin(encodeScalar(f.z)),
    bin(f.receiverSignature),
  );

/**
 * Decodes a capsule fragment. Its signature and proof are not checked.
 * @param bytes 381
 * @throws {UmbralError} `bad-encoding`, `bad-point`, `bad-scalar`, `bad-signature`
 */
export const decodeCFrag = (bytes: Uint8Array): CapsuleFrag => {
  const r = reader(bytes, CFRAG_BYTES, 'capsule fragment');
  r.array(5);
  const e1 = curve.decode(r.bin(33));
  const v1 = curve.decode(r.bin(33));
  const id = r.bin(32);
  const precursor = curve.decode(r.bin(33));
  r.array(6);
  const e2 = curve.decode(r.bin(33));
  const v2 = curve.decode(r.bin(33));
  const commitment = curve.decode(r.bin(33));
  const u2 = curve.decode(r.bin(33));
  const z = decodeScalar(r.bin(32));
  const receiverSignature = checkedSignature(r.bin(SIGNATURE_BYTES));
  return new CapsuleFrag({ e1, v1, id, precursor, e2, v2, commitment, u2, z, receiverSignature });
};

/** Computes h, the challenge of the proof. */
export const proofChallenge = (capsule: Capsule, f: Omit<CapsuleFragFields, 'z'>): Scalar =>
  hashProof(
    curve.encode(capsule.e),
    curve.encode(f.e1),
    curve.encode(f.e2),
    curve.encode(capsule.v),
    curve.encode(f.v1),
    curve.encode(f.v2),
    curve.encode(f.commitment),
    curve.encode(f.u2),
  );

/** A capsule fragment with the capsule that was re-encrypted. */
export interface CapsuleAndFragment {
  readonly capsule: Capsule;
  readonly cfrag: CapsuleFrag;
}

/** The public keys of one delegation. */
export interface DelegationKeys {
  /** W, the public key of the delegator's key fragment signer. */
  readonly verifying: PublicKey;
  /** A, the delegating key. */
  readonly delegating: PublicKey;
  /** B, the receiving key. */
  readonly receiving: PublicKey;
}

type Terms = (readonly [Base, Scalar])[];

/** Adds up the scalars of equal points. Capsule fragments that were made with one key fragment have the same commitment, so the sum gets shorter. */
const withSummedScalars = (terms: readonly (readonly [Point, Scalar])[]): Terms => {
  const totals = new Map<string, readonly [Point, Scalar]>();
  for (const [point, k] of terms) {
    const name = String.fromCharCode(...curve.encode(point));
    totals.set(name, [point, add(totals.get(name)?.[1] ?? ZERO, k)]);
  }
  return [...totals.values()];
};

/**
 * Checks [z]E = E2 + [h]E1, [z]V = V2 + [h]V1 and [z]U = U2 + [h]U1 for every fragment in one sum. All equations but the first have random weights,
 * drawn after the fragments are fixed, so the errors of two equations cannot cancel each other (probability 2^-127). All values are public.
 */
const proofsAreValid = (list: readonly CapsuleAndFragment[], rng: Rng): boolean => {
  const terms: Terms = [];
  const commitments: (readonly [Point, Scalar])[] = [];
  list.forEach(({ capsule, cfrag: { fields: f } }, i) => {
    const h = neg(proofChallenge(capsule, f));
    const [c, a, b] = [i === 0 ? ONE : randomWeight(rng), randomWeight(rng), randomWeight(rng)];
    terms.push([capsule.e, mul(c, f.z)], [capsule.v, mul(a, f.z)], ['U', mul(b, f.z)]);
    terms.push([f.e1, mul(c, h)], [f.v1, mul(a, h)], [f.v2, neg(a)], [f.u2, neg(b)]);
    if (i > 0) terms.push([f.e2, neg(c)]);
    commitments.push([f.commitment, mul(b, h)]);
  });
  terms.push(...(commitments.length === 1 ? commitments : withSummedScalars(commitments)));
  return curve.checkLinear(terms, list[0]!.cfrag.fields.e2);
};

const signedMessage = (f: CapsuleFragFields, { delegating, receiving }: DelegationKeys): Uint8Array =>
  kfragMessage(
    f.id,
    curve.encode(f.commitment),
    curve.encode(f.precursor),
    curve.encode(delegating.point),
    curve.encode(receiving.point),
  );

const invalid = (what: string, index: number): UmbralError =>
  new UmbralError('cfrag-invalid', `the capsule fragment is invalid: its ${what} is wrong`, index);

/**
 * Verifies that the delegator signed the fragments of one delegation, and that the proxy used the signed key fragment on each capsule. It remembers the
 * signatures that were valid, and checks the proofs of several fragments in one sum. It contains no secret.
 */
export class CapsuleFragVerifier {
  readonly #delegation: DelegationKeys;
  readonly #rng: Rng;
  /** Contains valid signatures only, so nobody but the delegator can make the set grow. */
  readonly #signed = new Set<string>();

  /** @param rng for the weights of the checks */
  constructor(delegation: DelegationKeys, rng: Rng = systemRng) {
    this.#delegation = delegation;
    this.#rng = rng;
  }

  /**
   * Returns the verified fragments in the order of the list.
   * @throws {UmbralError} `cfrag-invalid`; `index` is that of the first wrong fragment
   */
  verify(list: readonly CapsuleAndFragment[]): VerifiedCapsuleFrag[] {
    const unsigned = list.findIndex(({ cfrag }) => !this.#isSigned(cfrag.fields));
    const signed = unsigned < 0 ? list : list.slice(0, unsigned);
    if (signed.length > 0 && !proofsAreValid(signed, this.#rng)) {
      const index = signed.length === 1 ? 0 : signed.findIndex((one) => !proofsAreValid([one], this.#rng));
      throw invalid('proof', index);
    }
    if (unsigned >= 0) throw invalid('signature', unsigned);
    return list.map(({ cfrag }) => new VerifiedCapsuleFrag(cfrag.fields));
  }

  #isSigned(f: CapsuleFragFields): boolean {
    const message = signedMessage(f, this.#delegation);
    const name = String.fromCharCode(...message, ...f.receiverSignature);
    if (this.#signed.has(name)) return true;
    if (!verifyMessage(this.#delegation.verifying, message, f.receiverSignature)) return false;
    this.#signed.add(name);
    return true;
  }
}

export interface CapsuleFragContext extends DelegationKeys {
  readonly capsule: Capsule;
  /** Draws the weights of the check. The default is the platform's generator. */
  readonly rng?: Rng;
}

/** Verifies one fragment and remembers nothing. For several fragments use {@link CapsuleFragVerifier}. @throws {UmbralError} `cfrag-invalid` */
export const verifyCFrag = (cfrag: CapsuleFrag, context: CapsuleFragContext): VerifiedCapsuleFrag => {
  const { capsule, verifying, rng = systemRng } = context;
  const { fields: f } = cfrag;
  if (!verifyMessage(verifying, signedMessage(f, context), f.receiverSignature)) throw invalid('signature', 0);
  if (!proofsAreValid([{ capsule, cfrag }], rng)) throw invalid('proof', 0);
  return new VerifiedCapsuleFrag(f);
};
