// Key fragment of Umbral: the share of one proxy in a delegation. It contains the scalar rk, which is secret to that proxy.
import { concat, equalBytes } from '../bytes/binary.ts';
import { array, bin, bool, reader } from './message-pack.ts';
import { curve } from './curve/chosen-backend.ts';
import { UmbralError } from './errors.ts';
import { KeyFrag, VerifiedKeyFrag } from './objects.ts';
import { kfragMessage, PARAMETER_U } from './hashes.ts';
import type { PublicKey } from './public-key.ts';
import { decodeNonZeroScalar, encodeScalar } from './curve/scalar.ts';
import { checkedSignature, SIGNATURE_BYTES, verifyMessage } from './ecdsa-verify.ts';

export type { KeyFrag, VerifiedKeyFrag } from './objects.ts';

export const KFRAG_BYTES = 310;

/** The 32 random bytes that identify the key fragment. Capsule fragments made with it carry them too. */
export const kfragId = (kfrag: KeyFrag): Uint8Array => kfrag.fields.id.slice();

/** Encodes a key fragment, 310 bytes. A verified one has the same encoding. The encoding contains rk, which is secret to its proxy. */
export const encodeKFrag = (kfrag: KeyFrag): Uint8Array => {
  const f = kfrag.fields;
  return concat(
    array(5),
    array(1),
    bin(PARAMETER_U),
    bin(f.id),
    bin(encodeScalar(KeyFrag.keyOf(kfrag))),
    bin(curve.encode(f.precursor)),
    array(5),
    bin(curve.encode(f.commitment)),
    bin(f.proxySignature),
    bin(f.receiverSignature),
    bool(f.signsDelegating),
    bool(f.signsReceiving),
  );
};

/**
 * Decodes a key fragment. Its rk and its signatures are not checked.
 * @param bytes 310
 * @throws {UmbralError} `bad-encoding`, `bad-point`, `bad-scalar`, `bad-signature`; `bad-parameters` for a U other than ours, because with another
 *   U a forged rk can match a signed commitment
 */
export const decodeKFrag = (bytes: Uint8Array): KeyFrag => {
  const r = reader(bytes, KFRAG_BYTES, 'key fragment');
  r.array(5);
  r.array(1);
  if (!equalBytes(r.bin(33), PARAMETER_U)) throw new UmbralError('bad-parameters', 'the key fragment has a foreign U');
  const id = r.bin(32);
  const key = decodeNonZeroScalar(r.bin(32));
  const precursor = curve.decode(r.bin(33));
  r.array(5);
  const commitment = curve.decode(r.bin(33));
  const proxySignature = checkedSignature(r.bin(SIGNATURE_BYTES));
  const receiverSignature = checkedSignature(r.bin(SIGNATURE_BYTES));
  const signsDelegating = r.bool();
  const signsReceiving = r.bool();
  return new KeyFrag(
    { id, precursor, commitment, proxySignature, receiverSignature, signsDelegating, signsReceiving },
    key,
  );
};

export interface KeyFragContext {
  /** W, the public key of the delegator's key fragment signer. */
  readonly verifying: PublicKey;
  /** A, the delegating key. It is required if `proxySignature` covers it, and ignored otherwise. */
  readonly delegating?: PublicKey | undefined;
  /** B, the receiving key. It is required if `proxySignature` covers it, and ignored otherwise. */
  readonly receiving?: PublicKey | undefined;
  /**
   * Whether to refuse a fragment that is not signed for both keys. Otherwise nothing shows that a fragment belongs to a key that its signatures do not cover.
   */
  readonly requireBothKeys?: boolean;
}

const invalid = (why: string): UmbralError => new UmbralError('kfrag-invalid', `the key fragment is invalid: ${why}`);

/** Encodes the key for the signed message. Returns undefined if the signature does not cover the key. */
const signedKey = (isSigned: boolean, key: PublicKey | undefined, which: string): Uint8Array | undefined => {
  if (!isSigned) return undefined;
  if (key === undefined) throw invalid(`it is signed for a ${which} key and none was given`);
  return curve.encode(key.point);
};

/**
 * Checks that rk matches the commitment U1, and that the signature of the key fragment signer is valid. If the fragment is signed for both keys, it also checks
 * `receiverSignature`: otherwise a proxy could store a key fragment whose capsule fragments every recipient refuses.
 * @throws {UmbralError} `kfrag-invalid`
 */
export const verifyKFrag = (kfrag: KeyFrag, context: KeyFragContext): VerifiedKeyFrag => {
  const f = kfrag.fields;
  const { verifying, delegating, receiving, requireBothKeys = false } = context;
  const hasBoth = f.signsDelegating && f.signsReceiving;
  if (requireBothKeys && !hasBoth) throw invalid('it is not signed for both keys');

  const commitment = curve.encode(f.commitment);
  const message = kfragMessage(
    f.id,
    commitment,
    curve.encode(f.precursor),
    signedKey(f.signsDelegating, delegating, 'delegating'),
    signedKey(f.signsReceiving, receiving, 'receiving'),
  );
  const key = KeyFrag.keyOf(kfrag);
  if (!equalBytes(curve.encode(curve.muls([['U', key]])[0]!), commitment))
    throw invalid('the share is not the one committed to');
  if (!verifyMessage(verifying, message, f.proxySignature)) throw invalid('the signature for the proxy is wrong');
  if (
    hasBoth &&
    !equalBytes(f.proxySignature, f.receiverSignature) &&
    !verifyMessage(verifying, message, f.receiverSignature)
  )
    throw invalid('the signature for the receiver is wrong');
  return new VerifiedKeyFrag(f, key);
};
