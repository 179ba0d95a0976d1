// Signing requests: RFC 9421 with ed25519 and RFC 9530 Content-Digest. docs/spec/request-signatures.md is the page to this file;
// lib/http/verify-request.ts is the other half.
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import { createSignature } from 'http-message-sig';
import { ofLength, systemRng, type Rng } from '../bytes/binary.ts';
import { toBase64url } from '../bytes/codec.ts';
import type { Signer } from '../statements/sign.ts';
import { IdentityError } from './errors.ts';

export interface OutgoingRequest {
  readonly method: string;
  /** Absolute, without fragment and user name. */
  readonly url: string | URL;
  /** Absent and empty are the same. */
  readonly body?: Uint8Array | undefined;
}

export interface SignatureTime {
  /** Milliseconds since 1970, by the service's clock where the client knows it. */
  readonly now: number;
  /** 16 bytes; drawn afresh when absent. A nonce is for one request. */
  readonly nonce?: Uint8Array | undefined;
  readonly rng?: Rng | undefined;
}

/** Seconds from `created` to `expires`: the most that the service takes. */
const LIFE_S = 60;

/**
 * The headers to send with the request: `signature-input`, `signature`, and `content-digest` when there is a body. The request must be sent as
 * it was signed: same method, `new URL(url)` as it serialises, same bytes.
 *
 * @throws {IdentityError} `bad-url`
 */
export const signRequest = async (
  { method, url, body }: OutgoingRequest,
  signer: Signer,
  { now, rng = systemRng, nonce = rng(16) }: SignatureTime,
): Promise<Record<string, string>> => {
  if (!URL.canParse(url)) throw new IdentityError('bad-url', 'the URL to sign is not absolute');
  const target = new URL(url);
  if (!/^https?:$/.test(target.protocol) || target.hash !== '' || target.username !== '' || target.password !== '')
    throw new IdentityError('bad-url', 'the URL to sign must be http or https, without fragment and user');
  const digest: Record<string, string> =
    body === undefined || body.length === 0 ? {} : { 'content-digest': `sha-256=:${base64.encode(sha256(body))}:` };
  const created = Math.floor(now / 1000);
  const { signature, signatureInput } = await createSignature(
    {
      kind: 'request',
      method,
      targetUri: `${target.origin}${target.pathname}${target.search}`,
      fields: Object.entries(digest).map(([name, value]) => ({ name, value })),
    },
    {
      label: 'sig1',
      components: ['@method', '@authority', '@path', '@query', ...Object.keys(digest)],
      parameters: {
        created,
        expires: created + LIFE_S,
        nonce: toBase64url(ofLength(nonce, 16, 'nonce')),
        keyid: signer.id,
        tag: 'pcehr',
      },
      signer: { algorithm: 'ed25519', sign: (bytes) => signer.sign(bytes) },
    },
  );
  return { ...digest, 'signature-input': signatureInput, signature };
};
