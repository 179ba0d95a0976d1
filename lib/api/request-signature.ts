// The rules of signed requests (RFC 9421 with ed25519, RFC 9530) that signer and verifier share; pure, without a key. The signer is
// lib/identity/http-signature.ts, the verifier lib/http/verify-request.ts. docs/spec/request-signatures.md is the page to these files.
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';

/** Seconds from `created` to `expires`, at most. */
export const SIGNATURE_LIFE = 60;
/** Milliseconds that the clocks of signer and verifier may differ, either way. */
export const SIGNATURE_SKEW = 60_000;
/** Bytes of `nonce`, which stands as base64url. */
export const NONCE_LENGTH = 16;
export const SIGNATURE_TAG = 'pcehr';
export const SIGNATURE_ALGORITHM = 'ed25519';

const COMPONENTS = ['@method', '@authority', '@path', '@query'] as const;
const WITH_DIGEST = [...COMPONENTS, 'content-digest'] as const;

/** What a signature covers: exactly these components, with the digest where there is a body. */
export const componentsOf = (digest: string | undefined): readonly string[] =>
  digest === undefined ? COMPONENTS : WITH_DIGEST;

/** Parameters that every signature has. `alg` may stand beside them, and nothing else. */
export const REQUIRED_PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'tag'] as const;

/** The one text of `content-digest` for a body; undefined without one. An empty body is none. */
export const contentDigest = (body: Uint8Array | undefined): string | undefined =>
  body === undefined || body.length === 0 ? undefined : `sha-256=:${base64.encode(sha256(body))}:`;

/** What `accept-signature` tells a sender whose signature was refused (RFC 9421 section 5.1). */
export const ACCEPT_SIGNATURE = `sig1=(${WITH_DIGEST.map((c) => `"${c}"`).join(' ')});created;expires;nonce;keyid;alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
