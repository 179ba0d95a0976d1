// Makes the signatures of the lying service without lib: compact JWS with ES256 (RFC 7515) over the payloads of docs/spec/service-statements.md.
import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { concat } from '../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url, utf8 } from '../../lib/bytes/codec.ts';

const SERVICE = new Uint8Array(32).fill(21);
const PROXY = new Uint8Array(32).fill(22);

const pointOf = (secret: Uint8Array): string => toBase64url(p256.getPublicKey(secret, true));
export const SERVICE_KEY = pointOf(SERVICE);
export const PROXY_KEY = pointOf(PROXY);

const kidOf = (secret: Uint8Array): string => {
  const point = p256.getPublicKey(secret, false);
  const [x, y] = [toBase64url(point.subarray(1, 33)), toBase64url(point.subarray(33))];
  return createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest('base64url');
};

export const signedBy = (signer: 'service' | 'proxy', kind: string, payload: object): string => {
  const secret = signer === 'service' ? SERVICE : PROXY;
  const header = { alg: 'ES256', kid: kidOf(secret), typ: `pcehr-${kind}+jws` };
  const input = [header, payload].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.');
  return `${input}.${toBase64url(p256.sign(utf8(input), secret))}`;
};

export interface AnsweredWrap {
  readonly capsule: string;
  readonly cfrags?: readonly string[];
}
const hashOf = ({ capsule, cfrags = [] }: AnsweredWrap): string =>
  createHash('sha256')
    .update(concat(utf8('pcehr/v1/fragment\0'), fromBase64url(capsule), ...cfrags.map((c) => fromBase64url(c))))
    .digest('base64url');

/** Makes the service's signature on its own answer, whether the answer is true or false. */
export const signedAnswer = (
  opening: string,
  wraps: readonly AnsweredWrap[],
  { when, delegation }: { readonly when: number; readonly delegation: object },
) => ({
  key: signedBy('service', 'proxy-key', { key: PROXY_KEY, from: when, until: when + 86_400_000 }),
  answer: signedBy('proxy', 'recapsulation', {
    opening,
    fragments: wraps.map(hashOf),
    delegation,
    when,
  }),
});
