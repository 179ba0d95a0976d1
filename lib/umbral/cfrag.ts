// Capsule fragments: a capsule re-encrypted with one share, and the proof that it was done right.
import { concat, systemRng, type Rng } from '../bytes/binary.ts';
import type { Base, Point } from './curve/backend.ts';
import { array, bin, reader } from './message-pack.ts';
import { curve } from './curve/curve.ts';
import { UmbralError } from './errors.ts';
import { CapsuleFrag, VerifiedCapsuleFrag, type Capsule, type CapsuleFragFields } from './objects.ts';
import { hashProof, kfragMessage } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { add, decodeScalar, encodeScalar, mul, neg, ONE, randomWeight, ZERO, type Scalar } from './curve/scalar.ts';
import { checkedSignature, SIGNATURE_BYTES, verifyMessage } from './ecdsa-verify.ts';

export type { CapsuleFrag, VerifiedCapsuleFrag } from './objects.ts';

export const CFRAG_BYTES = 381;

/** 381 bytes, the same whether verified or not. */
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

/** h, the challenge of the proof. */
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

/** A fragment and the capsule that it is of. */
export interface FragmentOf {
  readonly capsule: Capsule;
  readonly cfrag: CapsuleFrag;
}

/** Of whom to whom. */
export interface Delegation {
  /** W, of the delegator's kfrag signer. */
  readonly verifying: PublicKey;
  /** A */
  readonly delegating: PublicKey;
  /** B */
  readonly receiving: PublicKey;
}

type Terms = (readonly [Base, Scalar])[];

/** Of one point, added up: fragments of one share have the same commitment. */
const summed = (terms: readonly (readonly [Point, Scalar])[]): Terms => {
  const totals = new Map<string, readonly [Point, Scalar]>();
  for (const [point, k] of terms) {
    const name = String.fromCharCode(...curve.encode(point));
    totals.set(name, [point, add(totals.get(name)?.[1] ?? ZERO, k)]);
  }
  return [...totals.values()];
};

/**
 * [z]E = E2 + [h]E1, [z]V = V2 + [h]V1, [z]U = U2 + [h]U1 of each, as one sum: all equations but the first carry random weights drawn after the
 * fragments are fixed, so that errors in two equations cannot cancel (chance 2^-127). All inputs are public.
 */
const proofsHold = (list: readonly FragmentOf[], rng: Rng): boolean => {
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
  terms.push(...(commitments.length === 1 ? commitments : summed(commitments)));
  return curve.checkLinear(terms, list[0]!.cfrag.fields.e2);
};

const signedMessage = (f: CapsuleFragFields, { delegating, receiving }: Delegation): Uint8Array =>
  kfragMessage(
    f.id,
    curve.encode(f.commitment),
    curve.encode(f.precursor),
    curve.encode(delegating.point),
    curve.encode(receiving.point),
  );

const invalid = (what: string, place: number): UmbralError =>
  new UmbralError('cfrag-invalid', `the capsule fragment is invalid: its ${what} is wrong`, place);

/**
 * Checks fragments of one delegation: that the delegator signed it, and that the proxy used the signed share on each capsule. Signatures that were found
 * right are remembered, and the proofs of several fragments are checked in one sum. Holds nothing secret.
 */
export class CapsuleFragVerifier {
  readonly #delegation: Delegation;
  readonly #rng: Rng;
  /** Grows with what the delegator signed, by nothing that others make up. */
  readonly #signed = new Set<string>();

  /** @param rng for the weights of the checks */
  constructor(delegation: Delegation, rng: Rng = systemRng) {
    this.#delegation = delegation;
    this.#rng = rng;
  }

  /**
   * In their order.
   * @throws {UmbralError} `cfrag-invalid`, with the place of the first wrong one
   */
  verify(list: readonly FragmentOf[]): VerifiedCapsuleFrag[] {
    const unsigned = list.findIndex(({ cfrag }) => !this.#isSigned(cfrag.fields));
    const signed = unsigned < 0 ? list : list.slice(0, unsigned);
    if (signed.length > 0 && !proofsHold(signed, this.#rng)) {
      const place = signed.length === 1 ? 0 : signed.findIndex((one) => !proofsHold([one], this.#rng));
      throw invalid('proof', place);
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

export interface CapsuleFragContext extends Delegation {
  readonly capsule: Capsule;
  /** For the weights of the check; the platform's unless given. */
  readonly rng?: Rng;
}

/** One fragment alone, with nothing to remember; see {@link CapsuleFragVerifier}. @throws {UmbralError} `cfrag-invalid` */
export const verifyCFrag = (cfrag: CapsuleFrag, context: CapsuleFragContext): VerifiedCapsuleFrag => {
  const { capsule, verifying, rng = systemRng } = context;
  const { fields: f } = cfrag;
  if (!verifyMessage(verifying, signedMessage(f, context), f.receiverSignature)) throw invalid('signature', 0);
  if (!proofsHold([{ capsule, cfrag }], rng)) throw invalid('proof', 0);
  return new VerifiedCapsuleFrag(f);
};
