// Tells whether a service can open a wrap together with a recipient: it re-encrypts the capsule with a key fragment and decrypts with the recipient's key.
import { fromBase64url } from '../../../lib/bytes/codec.ts';
import { decodeCapsule } from '../../../lib/umbral/capsule.ts';
import { CapsuleOpener } from '../../../lib/umbral/delegatee.ts';
import { decodePublicKey, type SecretKey } from '../../../lib/umbral/keys.ts';
import { reencrypt, trustStoredKFrag } from '../../../lib/umbral/proxy.ts';
import type { Fragment } from './facts.ts';

export interface Wrap {
  readonly capsule: string;
  readonly wrappedKey: string;
}

export const opens = (wrap: Wrap, { kfrag, cell }: Fragment, receiving: SecretKey): boolean => {
  const capsule = decodeCapsule(fromBase64url(wrap.capsule));
  const cfrag = reencrypt(capsule, trustStoredKFrag(fromBase64url(kfrag)));
  try {
    const opener = new CapsuleOpener(receiving, decodePublicKey(fromBase64url(cell.key)));
    return opener.decrypt(capsule, [cfrag], fromBase64url(wrap.wrappedKey)).length === 32;
  } catch {
    return false;
  }
};
