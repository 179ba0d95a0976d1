// The key of this running copy of the service. It lives in its memory, cannot be taken out, and the service's key says for how long it counts: an
// opening, or a question for the time, is answered with a signature and without a call to KMS.
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

/** How long a key counts, and how long before its end another one is made. */
const LIFE = 24 * HOUR;
const MARGIN = HOUR;
/** It counts for openings that came in a little before it was made, and were answered after. */
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

/** @param certify signs with the service's key: once per key, 24 hours apart */
export const makeProxyKey = (certify: ServiceSigner['sign']): Pick<ServiceSigner, 'answer' | 'time'> => {
  let current: Promise<ProxyKey> | undefined;
  /** A failure is not kept. */
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
    let held = await known;
    if (payload.when > held.until - MARGIN)
      held = await (current === known ? renewed(payload.when) : (current ?? known));
    return { key: held.certificate, answer: await signAsService(kind, payload, held) };
  };
  return { answer: (payload) => signed('recapsulation', payload), time: (payload) => signed('time', payload) };
};
