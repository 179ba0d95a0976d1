// Builds the payload of an identity statement: public keys, proof of possession of the receiving key, and a hash of the next identity key.
import { sha256 } from '@noble/hashes/sha2.js';
import { ofLength, systemRng, type Rng } from '../bytes/binary.ts';
import { toBase64url } from '../bytes/codec.ts';
import type { Payload, StatementHash } from '../statements/kinds.ts';
import { possessionMessage } from '../statements/receiving-key-proof-message.ts';
import { encodePublicKey, publicKeyOf } from '../umbral/keys.ts';
import { signMessage } from '../umbral/ecdsa-sign.ts';
import type { DeviceKeys } from './key-derivation.ts';

export interface IdentityFacts {
  readonly keys: DeviceKeys;
  /** Ed25519 public key of the next generation, 32 bytes. It is the same in all statements of an identity. */
  readonly nextIdentityKey: Uint8Array;
  /** 1 for the first statement, then increased by one each time. */
  readonly number: number;
  /** Hash of the previous statement; absent in the first one. */
  readonly previous?: StatementHash | undefined;
  readonly receivingNumber: number;
  /** The public name of an organisation. Patients leave it out. */
  readonly name?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly rng?: Rng | undefined;
}

/** SHA-256 of the next generation's identity key, as in identity statements and key files. */
export const nextKeyHash = (nextIdentityKey: Uint8Array): string =>
  toBase64url(sha256(ofLength(nextIdentityKey, 32, 'next identity key')));

/** The payload of an identity statement, to be signed with `signStatement('identity', payload, keys)`. */
export const identityPayload = (facts: IdentityFacts): Payload<'identity'> => {
  const { keys, number, previous, receivingNumber, name, now, rng = systemRng } = facts;
  const secret = keys.receiving(receivingNumber);
  const key = encodePublicKey(publicKeyOf(secret));
  return {
    id: keys.id,
    number,
    ...(previous === undefined ? {} : { previous }),
    receiving: {
      number: receivingNumber,
      key: toBase64url(key),
      proof: toBase64url(signMessage(secret, possessionMessage(keys.id, receivingNumber, key), rng)),
    },
    inbox: toBase64url(keys.inbox().publicKey),
    kfragSigner: toBase64url(encodePublicKey(publicKeyOf(keys.kfragSigner))),
    ...(name === undefined ? {} : { name }),
    next: nextKeyHash(facts.nextIdentityKey),
    issued: now,
  };
};
