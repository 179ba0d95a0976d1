// Service key in KMS: signs statements of the service. The private key never leaves KMS. KMS returns DER signatures; they are converted to the r and s of JWS.
import { GetPublicKeyCommand, SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64url } from '../../bytes/codec.ts';
import { StatementError } from '../../statements/errors.ts';
import { signAsService, verifyServiceStatement, type ServiceKey } from '../../statements/service-statements.ts';
import type { ServiceSigner } from '../../ports/index.ts';
import { StoreError } from '../errors.ts';
import { makeProxyKey } from './proxy-key.ts';
import { orBusy } from '../retry.ts';

/** Length of an uncompressed P-256 point, with which a SubjectPublicKeyInfo ends (RFC 5480 section 2). */
const POINT = 65;

const compressed = (spki: Uint8Array): ServiceKey => {
  try {
    return toBase64url(p256.Point.fromBytes(spki.subarray(-POINT)).toBytes(true));
  } catch {
    throw new StoreError('damaged-item', 'the service key is not a P-256 key');
  }
};

/** @param keyId id, alias or ARN of a KMS key for ECC_NIST_P256, SIGN_VERIFY */
export const makeServiceSigner = (kms: KMSClient, keyId: string): ServiceSigner => {
  let known: Promise<ServiceKey> | undefined;
  const fetchKey = async (): Promise<ServiceKey> => {
    const { PublicKey } = await orBusy(() => kms.send(new GetPublicKeyCommand({ KeyId: keyId })));
    return compressed(PublicKey ?? new Uint8Array());
  };
  /** Fetches the public key once per process. After a failure the next call tries again. */
  const key = (): Promise<ServiceKey> => {
    known ??= fetchKey().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  const ask = async (signingInput: Uint8Array): Promise<Uint8Array> => {
    const { Signature } = await orBusy(() =>
      kms.send(
        new SignCommand({
          KeyId: keyId,
          SigningAlgorithm: 'ECDSA_SHA_256',
          MessageType: 'DIGEST',
          Message: sha256(signingInput),
        }),
      ),
    );
    return p256.Signature.fromBytes(Signature ?? new Uint8Array(), 'der').toBytes('compact');
  };
  const sign: ServiceSigner['sign'] = async (kind, payload) => {
    const known = await key();
    try {
      const jws = await signAsService(kind, payload, { key: known, sign: ask });
      // The check fails if the alias now points to another KMS key than when this process fetched the public key.
      verifyServiceStatement(kind, jws, known);
      return jws;
    } catch (error) {
      // The error must not be a StatementError, because that would blame the statement of the caller.
      throw error instanceof StatementError ? new StoreError('service-signature', error.message) : error;
    }
  };
  return { key, sign, ...makeProxyKey(sign) };
};
