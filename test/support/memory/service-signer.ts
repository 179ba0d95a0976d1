// Signs as the service, with a key that belongs to the test.
import { p256 } from '@noble/curves/nist.js';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { signAsService } from '../../../lib/statements/service-statements.ts';
import { makeProxyKey } from '../../../lib/stores/kms/proxy-key.ts';
import type { ServiceSigner } from '../../../lib/ports/index.ts';

const SECRET = new Uint8Array(32).fill(7);
const publicKeyOf = (secret: Uint8Array): string => toBase64url(p256.getPublicKey(secret, true));

/** The service key of a memory signer that is made without a secret. */
export const MEMORY_SERVICE_KEY = publicKeyOf(SECRET);

export const makeMemoryServiceSigner = (secret: Uint8Array = SECRET): ServiceSigner => {
  const key = publicKeyOf(secret);
  const sign = (input: Uint8Array): Promise<Uint8Array> => Promise.resolve(p256.sign(input, secret, { lowS: false }));
  const certify: ServiceSigner['sign'] = (kind, payload) => signAsService(kind, payload, { key, sign });
  return { key: () => Promise.resolve(key), sign: certify, ...makeProxyKey(certify) };
};
