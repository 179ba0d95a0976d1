// Tells whether a service can open a wrap together with a recipient: it re-encrypts the capsule with a key fragment, and decrypts with the recipient's receiving
// key and the companion key from the grant.
import { fromBase64url } from '../../../lib/bytes/codec.ts';
import { openWrap } from '../../../lib/envelope/wrap.ts';
import type { WrapContext } from '../../../lib/envelope/wrap-keys.ts';
import type { StoredWrap } from '../../../lib/ports/index.ts';
import { decodeCapsule } from '../../../lib/umbral/capsule.ts';
import { CapsuleOpener } from '../../../lib/umbral/delegatee.ts';
import { decodePublicKey, type SecretKey } from '../../../lib/umbral/keys.ts';
import { reencrypt, trustStoredKFrag } from '../../../lib/umbral/proxy.ts';
import type { Fragment } from './facts.ts';

export const opens = (
  wrap: StoredWrap,
  { kfrag, cell, companion }: Fragment,
  { receiving, context }: { readonly receiving: SecretKey; readonly context: WrapContext },
): boolean => {
  const key = companion();
  if (key === undefined) return false;
  const parts = {
    capsule: fromBase64url(wrap.capsule),
    companionCiphertext: fromBase64url(wrap.companionCiphertext),
    wrappedKey: fromBase64url(wrap.wrappedKey),
    label: fromBase64url(wrap.label),
  };
  const capsule = decodeCapsule(parts.capsule);
  const cfrag = reencrypt(capsule, trustStoredKFrag(fromBase64url(kfrag)));
  const umbral = () =>
    new CapsuleOpener(receiving, decodePublicKey(fromBase64url(cell.key))).decapsulate(capsule, [cfrag]);
  try {
    return openWrap(parts, { umbral, companion: key }, context).fileKey.length === 32;
  } catch {
    return false;
  }
};
