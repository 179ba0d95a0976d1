// Signs HTTP requests with Ed25519 (RFC 9421) and Content-Digest (RFC 9530). docs/spec/request-signatures.md specifies this;
// lib/api/request-signature.ts has the common rules of signer and verifier.
import { createSignature } from 'http-message-sig';
import {
  componentsOf,
  contentDigest,
  NONCE_LENGTH,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LIFE,
  SIGNATURE_TAG,
} from '../api/request-signature.ts';
import { ofLength, systemRng, type Rng } from '../bytes/binary.ts';
import { toBase64url } from '../bytes/codec.ts';
import type { Signer } from '../statements/sign.ts';
import { IdentityError } from './errors.ts';

export interface OutgoingRequest {
  readonly method: string;
  /** An absolute URL without fragment and user information. */
  readonly url: string | URL;
  /** An empty body is the same as none. */
  readonly body?: Uint8Array | undefined;
}

export interface SignatureTime {
  /** Milliseconds since 1970, by the service's clock if the client knows it. */
  readonly now: number;
  /** 16 bytes; by default random. Use a nonce for one request only. */
  readonly nonce?: Uint8Array | undefined;
  readonly rng?: Rng | undefined;
}

/**
 * Returns the headers to send: `signature-input`, `signature`, and `content-digest` if there is a body. Send the request exactly as it was signed:
 * same method, the URL as `new URL(url)` serialises it, same bytes.
 *
 * @throws {IdentityError} `bad-url`
 */
export const signRequest = async (
  { method, url, body }: OutgoingRequest,
  signer: Signer,
  { now, rng = systemRng, nonce = rng(NONCE_LENGTH) }: SignatureTime,
): Promise<Record<string, string>> => {
  if (!URL.canParse(url)) throw new IdentityError('bad-url', 'the URL to sign is not absolute');
  const target = new URL(url);
  if (!/^https?:$/.test(target.protocol) || target.hash !== '' || target.username !== '' || target.password !== '')
    throw new IdentityError('bad-url', 'the URL to sign must be http or https, without fragment and user');
  const digest = contentDigest(body);
  const headers: Record<string, string> = digest === undefined ? {} : { 'content-digest': digest };
  const created = Math.floor(now / 1000);
  const { signature, signatureInput } = await createSignature(
    {
      kind: 'request',
      method,
      targetUri: `${target.origin}${target.pathname}${target.search}`,
      fields: Object.entries(headers).map(([name, value]) => ({ name, value })),
    },
    {
      label: 'sig1',
      components: componentsOf(digest),
      parameters: {
        created,
        expires: created + SIGNATURE_LIFE,
        nonce: toBase64url(ofLength(nonce, NONCE_LENGTH, 'nonce')),
        keyid: signer.id,
        tag: SIGNATURE_TAG,
      },
      signer: { algorithm: SIGNATURE_ALGORITHM, sign: (bytes) => signer.sign(bytes) },
    },
  );
  return { ...headers, 'signature-input': signatureInput, signature };
};
