// Proxy key: makes the key pair of this running copy of the service, and signs openings and times with it, without a call to KMS. The private key stays
// in memory and cannot be exported. The service key certifies the public key for a day.
import { p256 } from '@noble/curves/nist.js';
import { toBase64url } from '../../bytes/codec.ts';
import { HOUR, MINUTE } from '../../domain/time.ts';
import type { Jws } from '../../statements/kinds.ts';
import {
  signAsService,
  type ServiceKey,
  type ServicePayload,
  type EcdsaSign,
} from '../../statements/service-statements.ts';
import type { ServiceSigner, SignedAnswer } from '../../ports/index.ts';

/** A key is valid for LIFE ms. MARGIN ms before its end the next key is made. */
const LIFE = 24 * HOUR;
const MARGIN = HOUR;
/** A key is valid from a minute before it is made, because it signs answers to openings that arrived before it was made. */
const BEFORE = MINUTE;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface ProxyKey {
  readonly key: ServiceKey;
  readonly sign: EcdsaSign;
  readonly certificate: Jws;
  readonly until: number;
}

const makeKey = async (certify: ServiceSigner['sign'], now: number): Promise<ProxyKey> => {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const point = p256.Point.fromBytes(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
  const key = toBase64url(point.toBytes(true));
  const [from, until] = [now - BEFORE, now + LIFE];
  return {
    key,
    until,
    sign: async (input) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, pair.privateKey, input as BufferSource)),
    certificate: await certify('proxy-key', { key, from, until }),
  };
};

/** Makes the functions that sign with a proxy key. @param certify signs with the service key; it is called once for each proxy key */
export const makeProxyKey = (certify: ServiceSigner['sign']): Pick<ServiceSigner, 'answer' | 'time'> => {
  let current: Promise<ProxyKey> | undefined;
  /** Makes the next key. After a failure the next call tries again. */
  const renewed = (now: number): Promise<ProxyKey> => {
    const made = makeKey(certify, now).catch((error: unknown) => {
      if (current === made) current = undefined;
      throw error;
    });
    current = made;
    return made;
  };
  const signed = async <K extends 'recapsulation' | 'time'>(
    kind: K,
    payload: ServicePayload<K>,
  ): Promise<SignedAnswer> => {
    const known = current ?? renewed(payload.when);
    let proxyKey = await known;
    if (payload.when > proxyKey.until - MARGIN)
      proxyKey = await (current === known ? renewed(payload.when) : (current ?? known));
    return { key: proxyKey.certificate, answer: await signAsService(kind, payload, proxyKey) };
  };
  return { answer: (payload) => signed('recapsulation', payload), time: (payload) => signed('time', payload) };
};
