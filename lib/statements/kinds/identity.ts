// The identity statement: the public keys of a patient or recipient. docs/spec/statements/identity.md specifies it.
import * as z from 'zod/mini';
import { bytesOf, identity, instant, kemKey, ordinal, point, publicName, sha256 } from '../fields.ts';

/** The public keys of an identity, and a hash of the identity key of the next generation. This hash never changes. */
export const identityPayload = z.strictObject({
  id: identity,
  number: ordinal,
  previous: z.optional(sha256),
  receiving: z.strictObject({ number: ordinal, key: point, proof: bytesOf(64) }),
  inbox: kemKey,
  kfragSigner: point,
  name: z.optional(publicName),
  next: sha256,
  issued: instant,
});
