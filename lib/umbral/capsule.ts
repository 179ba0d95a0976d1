// The capsule: what is sent beside a ciphertext, and what the delegating or receiving key turns into the ciphertext's key.
import { concat } from '../bytes/binary.ts';
import { array, bin, reader } from './codec.ts';
import { curve } from './curve.ts';
import { UmbralError } from './errors.ts';
import { Capsule } from './forms.ts';
import { hashCapsule } from './hashes.ts';
import { decodeScalar, encodeScalar, neg, type Scalar } from './scalar.ts';

export type { Capsule } from './forms.ts';
export { decodePublicKey, encodePublicKey, type PublicKey } from './publickey.ts';

export const CAPSULE_BYTES = 105;

/** h, the challenge that ties E, V and s together. */
export const challengeOf = ({ e, v }: Pick<Capsule, 'e' | 'v'>): Scalar =>
  hashCapsule(curve.encode(e), curve.encode(v));

/**
 * The bytes E, V, s without framing, 98 bytes: additional data of the encryption.
 */
export const capsuleFields = ({ e, v, s }: Capsule): Uint8Array =>
  concat(curve.encode(e), curve.encode(v), encodeScalar(s));

/** 105 bytes. */
export const encodeCapsule = ({ e, v, s }: Capsule): Uint8Array =>
  concat(array(3), bin(curve.encode(e)), bin(curve.encode(v)), bin(encodeScalar(s)));

/** With V = -E the shared point would be the identity. */
const isOpposite = (p: Uint8Array, q: Uint8Array): boolean => p[0] !== q[0] && p.every((b, i) => i === 0 || b === q[i]);

/**
 * @param bytes 105
 * @throws {UmbralError} `bad-encoding`, `bad-point`, `bad-scalar`; `bad-capsule` when the self check fails
 */
export const decodeCapsule = (bytes: Uint8Array): Capsule => {
  const r = reader(bytes, CAPSULE_BYTES, 'capsule');
  r.array(3);
  const e = curve.decode(r.bin(33));
  const v = curve.decode(r.bin(33));
  const s = decodeScalar(r.bin(32));
  // [s]G = V + [h]E; all of it public.
  const sound = curve.checkLinear(
    [
      ['G', s],
      [e, neg(challengeOf({ e, v }))],
    ],
    v,
  );
  if (!sound) throw new UmbralError('bad-capsule', 'the capsule fails its self check');
  if (isOpposite(curve.encode(e), curve.encode(v))) throw new UmbralError('bad-capsule', 'the capsule is degenerate');
  return new Capsule(e, v, s);
};
