// Request signature rules: the rules (RFC 9421 with ed25519, RFC 9530) that signer and verifier share. Pure, without a key. The signer is
// lib/identity/http-signature.ts, the verifier lib/http/verify-request.ts. docs/spec/request-signatures.md describes the rules.
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';

/** Seconds from `created` to `expires`, at most. */
export const SIGNATURE_LIFE = 60;
/** How far the clocks of signer and verifier may differ in either direction, ms. */
export const SIGNATURE_SKEW = 60_000;
/** Length of `nonce` in bytes; its text is base64url. */
export const NONCE_LENGTH = 16;
export const SIGNATURE_TAG = 'pcehr';
export const SIGNATURE_ALGORITHM = 'ed25519';

const COMPONENTS = ['@method', '@authority', '@path', '@query'] as const;
const WITH_DIGEST = [...COMPONENTS, 'content-digest'] as const;

/** The components that a signature covers: exactly these, and the digest if there is a body. */
export const componentsOf = (digest: string | undefined): readonly string[] =>
  digest === undefined ? COMPONENTS : WITH_DIGEST;

/** Parameters that every signature has. `alg` is allowed in addition, and no other. */
export const REQUIRED_PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'tag'] as const;

/** The only accepted text of `content-digest` for a body; undefined without a body. An empty body counts as none. */
export const contentDigest = (body: Uint8Array | undefined): string | undefined =>
  body === undefined || body.length === 0 ? undefined : `sha-256=:${base64.encode(sha256(body))}:`;

/** The header `accept-signature`, which tells the sender of a refused request how to sign (RFC 9421 section 5.1). */
export const ACCEPT_SIGNATURE = `sig1=(${WITH_DIGEST.map((c) => `"${c}"`).join(' ')});created;expires;nonce;keyid;alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
