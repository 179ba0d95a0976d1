// Request signature rules: the rules (RFC 9421 with ed25519, RFC 9530) that signer and verifier both follow. The functions here are pure and use no key. The
// signer is lib/identity/http-signature.ts, the verifier lib/http/verify-request.ts. docs/spec/request-signatures.md describes the rules.
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';

/** Maximum number of seconds from `created` to `expires`. */
export const SIGNATURE_LIFE = 60;
/** Maximum difference between the clocks of signer and verifier, in either direction, ms. */
export const SIGNATURE_SKEW = 60_000;
/** Length of `nonce` in bytes. Its text is base64url. */
export const NONCE_LENGTH = 16;
export const SIGNATURE_TAG = 'pcehr';
export const SIGNATURE_ALGORITHM = 'ed25519';

const COMPONENTS = ['@method', '@authority', '@path', '@query'] as const;
const WITH_DIGEST = [...COMPONENTS, 'content-digest'] as const;

/** Returns the components that a signature must cover: exactly these, with the digest if there is a body. */
export const componentsOf = (digest: string | undefined): readonly string[] =>
  digest === undefined ? COMPONENTS : WITH_DIGEST;

/** The parameters that every signature must have. One more parameter is allowed: `alg`. */
export const REQUIRED_PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'tag'] as const;

/** Returns the only text of `content-digest` that is accepted for a body; undefined without a body. An empty body counts as no body. */
export const contentDigest = (body: Uint8Array | undefined): string | undefined =>
  body === undefined || body.length === 0 ? undefined : `sha-256=:${base64.encode(sha256(body))}:`;

/** The header `accept-signature`, which tells the sender of a refused request how to sign (RFC 9421 section 5.1). */
export const ACCEPT_SIGNATURE = `sig1=(${WITH_DIGEST.map((c) => `"${c}"`).join(' ')});created;expires;nonce;keyid;alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
