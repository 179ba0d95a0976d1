// Capsule fragments: a capsule re-encrypted with one share, and the proof that it was done right.
import { concat, systemRng, type Rng } from '../bytes/binary.ts';
import { array, bin, reader } from './codec.ts';
import { curve } from './curve.ts';
import { UmbralError } from './errors.ts';
import { CapsuleFrag, VerifiedCapsuleFrag, type Capsule, type CapsuleFragFields } from './forms.ts';
import { hashProof, kfragMessage } from './hashes.ts';
import type { PublicKey } from './publickey.ts';
import { decodeScalar, encodeScalar, mul, neg, randomWeight, type Scalar } from './scalar.ts';
import { checkedSignature, SIGNATURE_BYTES, verifyMessage } from './signature.ts';

export type { CapsuleFrag, VerifiedCapsuleFrag } from './forms.ts';

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

/**
 * [z]E = E2 + [h]E1, [z]V = V2 + [h]V1, [z]U = U2 + [h]U1, as one sum: the second and third carry random weights drawn after the
 * fragment is fixed, so that errors in two equations cannot cancel (chance 2^-127). All inputs are public.
 */
const proofHolds = (capsule: Capsule, f: CapsuleFragFields, rng: Rng): boolean => {
  const h = neg(proofChallenge(capsule, f));
  const a = randomWeight(rng);
  const b = randomWeight(rng);
  return curve.checkLinear(
    [
      [capsule.e, f.z],
      [capsule.v, mul(a, f.z)],
      ['U', mul(b, f.z)],
      [f.e1, h],
      [f.v1, mul(a, h)],
      [f.commitment, mul(b, h)],
      [f.v2, neg(a)],
      [f.u2, neg(b)],
    ],
    f.e2,
  );
};

export interface CapsuleFragContext {
  readonly capsule: Capsule;
  /** W, of the delegator's kfrag signer. */
  readonly verifying: PublicKey;
  /** A */
  readonly delegating: PublicKey;
  /** B */
  readonly receiving: PublicKey;
  /** For the weights of the check; the platform's unless given. */
  readonly rng?: Rng;
}

/**
 * Checks that the delegator signed this delegation to this recipient, and that the proxy used the signed share on this capsule.
 * @throws {UmbralError} `cfrag-invalid`
 */
export const verifyCFrag = (cfrag: CapsuleFrag, context: CapsuleFragContext): VerifiedCapsuleFrag => {
  const f = cfrag.fields;
  const { capsule, verifying, delegating, receiving, rng = systemRng } = context;
  const message = kfragMessage(
    f.id,
    curve.encode(f.commitment),
    curve.encode(f.precursor),
    curve.encode(delegating.point),
    curve.encode(receiving.point),
  );
  if (!verifyMessage(verifying, message, f.receiverSignature))
    throw new UmbralError('cfrag-invalid', 'the capsule fragment is invalid: its signature is wrong');
  if (!proofHolds(capsule, f, rng))
    throw new UmbralError('cfrag-invalid', 'the capsule fragment is invalid: its proof is wrong');
  return new VerifiedCapsuleFrag(f);
};
