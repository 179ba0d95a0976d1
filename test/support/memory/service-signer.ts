// Signs as the service, with a key that belongs to the test.
import { p256 } from '@noble/curves/nist.js';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { signAsService } from '../../../lib/statements/service-statements.ts';
import { makeProxyKey } from '../../../lib/stores/kms/proxy-key.ts';
import type { ServiceSigner } from '../../../lib/ports/index.ts';

export const makeMemoryServiceSigner = (secret: Uint8Array = new Uint8Array(32).fill(7)): ServiceSigner => {
  const key = toBase64url(p256.getPublicKey(secret, true));
  const sign = (input: Uint8Array): Promise<Uint8Array> => Promise.resolve(p256.sign(input, secret, { lowS: false }));
  const certify: ServiceSigner['sign'] = (kind, payload) => signAsService(kind, payload, { key, sign });
  return { key: () => Promise.resolve(key), sign: certify, ...makeProxyKey(certify) };
};
