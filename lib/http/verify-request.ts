// Request verifier: checks the RFC 9421 signature and the RFC 9530 digest of a request, and returns who sent it. It checks both against the configured
// host and the received bytes, never against headers that a proxy set. Rules: docs/spec/request-signatures.md and lib/api/request-signature.ts.
import { isSignatureError, verifySignature, type UntrustedSignatureCandidate } from 'http-message-sig';
import {
  componentsOf,
  contentDigest,
  NONCE_LENGTH,
  REQUIRED_PARAMETERS,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LIFE,
  SIGNATURE_SKEW,
  SIGNATURE_TAG,
} from '../api/request-signature.ts';
import { fromBase64url } from '../bytes/codec.ts';
import { identityKey, parseIdentityId, type IdentityId } from '../bytes/ids.ts';
import type { ClockFault } from '../domain/time.ts';
import { verifyEd25519 } from '../statements/ed25519.ts';

export type HttpSignatureErrorCode =
  | 'unsigned' // no signature at all
  | 'signature-invalid'
  | 'clock-skew'; // the signature is well formed, but it was made too long ago or in the future

/** A refused request. The message names the broken rule and quotes nothing of the request. */
export class HttpSignatureError extends Error {
  override readonly name = 'HttpSignatureError';
  readonly code: HttpSignatureErrorCode;
  /** Only with `clock-skew`: whether the signer's clock is ahead of the service's clock or behind it. */
  readonly clock: ClockFault | undefined;
  /** Only with `signature-invalid`: the configured host, if the sender may have signed for another one. */
  readonly authority: string | undefined;
  constructor(
    code: HttpSignatureErrorCode,
    message: string,
    facts: { readonly clock?: ClockFault; readonly authority?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.clock = facts.clock;
    this.authority = facts.authority;
  }
}

export interface IncomingRequest {
  readonly method: string;
  /** Host in lower case, and the port unless it is the default of the scheme. It comes from the configuration, never from the request. */
  readonly authority: string;
  /** The path, without a prefix that a gateway may have added. */
  readonly path: string;
  /** The query as it was received, not decoded, without the question mark. */
  readonly rawQuery: string;
  /** The headers, with names in upper or lower case. If a header has several lines, they are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body. An absent body and an empty body mean the same. */
  readonly body?: Uint8Array | undefined;
}

export interface VerifiedCaller {
  readonly caller: IdentityId;
  /** 16 bytes, base64url. */
  readonly nonce: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const PARAMETERS: ReadonlySet<string> = new Set([...REQUIRED_PARAMETERS, 'alg']);
/** The form of a signature header: one label, then 64 bytes as base64 in which the unused bits are zero. */
const SIGNATURE = /^[a-z*][a-z0-9_\-.*]*=:[A-Za-z0-9+/]{85}[AQgw]==:$/;
// Only the characters that RFC 3986 allows in a path. With others, the borders between path, query and fragment could change.
const PATH = /^\/[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*$/;
const QUERY = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*$/;

const invalid = (rule: string): HttpSignatureError => new HttpSignatureError('signature-invalid', rule);

/** Picks the three headers that are needed. It refuses a name that occurs twice (in different case), because it is not clear which one counts. */
const pickHeaders = (headers: IncomingRequest['headers']): Map<string, string> => {
  const picked = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (value === undefined || !['signature', 'signature-input', 'content-digest'].includes(key)) continue;
    if (picked.has(key)) throw invalid(`${key} is given twice`);
    picked.set(key, value);
  }
  return picked;
};

const checkBody = (body: Uint8Array | undefined, digest: string | undefined): void => {
  const expected = contentDigest(body);
  if (expected === undefined && digest !== undefined) throw invalid('content-digest without a body');
  if (expected !== undefined && digest === undefined) throw invalid('a body without content-digest');
  // Exactly one text is accepted, so a header with several digests or several lines is refused.
  if (digest !== expected) throw invalid('content-digest is not that of the body');
};

const checkCoverage = (components: UntrustedSignatureCandidate['components'], expected: readonly string[]): void => {
  const names = components.map((c) => (Object.keys(c.parameters).length > 0 ? 'parameterised' : c.name));
  if (names.length !== expected.length || expected.some((name) => !names.includes(name)))
    throw invalid('the covered components are not the required ones');
};

const parsed = <T>(rule: string, read: () => T): T => {
  try {
    return read();
  } catch {
    throw invalid(rule);
  }
};

const skewOf = (at: { readonly created: number; readonly expires: number }, now: number): ClockFault | undefined => {
  if (now < at.created * 1000 - SIGNATURE_SKEW) return 'ahead';
  return now > at.expires * 1000 + SIGNATURE_SKEW ? 'behind' : undefined;
};

const checkParameters = (parameters: UntrustedSignatureCandidate['parameters'], now: number): VerifiedCaller => {
  const { created, expires, nonce, keyid, tag, alg } = parameters;
  if (Object.keys(parameters).some((name) => !PARAMETERS.has(name))) throw invalid('unknown parameter');
  if (tag !== SIGNATURE_TAG) throw invalid('tag');
  if (alg !== undefined && alg !== SIGNATURE_ALGORITHM) throw invalid('alg');
  if (nonce === undefined || parsed('nonce', () => fromBase64url(nonce)).length !== NONCE_LENGTH)
    throw invalid('nonce');
  const caller = parsed('keyid', () => parseIdentityId(keyid ?? ''));
  // The library has checked that `created` and `expires` are integers.
  if (created === undefined || expires === undefined || expires <= created || expires > created + SIGNATURE_LIFE)
    throw invalid('created and expires');
  const clock = skewOf({ created, expires }, now);
  if (clock !== undefined)
    throw new HttpSignatureError('clock-skew', 'created or expires is too far from the present', { clock });
  return { caller, nonce, expires: expires * 1000 };
};

/**
 * Checks that the identity in the signature signed exactly this request just now. It reads no stored state, because the identity id is the key. The use case
 * checks whether the identity is registered; the transaction of a route that writes checks whether the nonce is new.
 *
 * @param at `now` in ms since 1970
 * @throws {HttpSignatureError}
 */
export const verifyRequest = async (
  request: IncomingRequest,
  at: { readonly now: number },
): Promise<VerifiedCaller> => {
  const headers = pickHeaders(request.headers);
  if (!headers.has('signature') && !headers.has('signature-input'))
    throw new HttpSignatureError('unsigned', 'the request has no signature');
  if (!SIGNATURE.test(headers.get('signature') ?? '')) throw invalid('not exactly one signature of 64 bytes');
  const { method, authority, path, rawQuery, body } = request;
  if (!PATH.test(path) || !QUERY.test(rawQuery)) throw invalid('path or query');
  checkBody(body, headers.get('content-digest'));
  const covered = componentsOf(headers.get('content-digest'));

  const message = {
    kind: 'request',
    method,
    targetUri: `https://${authority}${path}${rawQuery === '' ? '' : `?${rawQuery}`}`,
    fields: [...headers].map(([name, value]) => ({ name, value })),
  } as const;
  try {
    const { verifier } = await verifySignature(message, {
      policy: {
        algorithms: [SIGNATURE_ALGORITHM],
        requiredComponents: covered,
        requiredParameters: REQUIRED_PARAMETERS,
        // The library must not check the time: checkParameters does, with an error code of its own.
        clockSkew: Number.MAX_SAFE_INTEGER,
        now: Math.floor(at.now / 1000),
      },
      resolveVerifier: ({ components, parameters }) => {
        checkCoverage(components, covered);
        const caller = checkParameters(parameters, at.now);
        const key = identityKey(caller.caller);
        return {
          algorithm: SIGNATURE_ALGORITHM,
          caller,
          verify: (data, signature) => verifyEd25519(signature, data, key),
        };
      },
    });
    return verifier.caller;
  } catch (error) {
    // The library wraps the errors of our key resolver; this line unwraps them. All errors of the library itself mean the same to the caller.
    throw isSignatureError(error) && error.cause instanceof HttpSignatureError
      ? error.cause
      : new HttpSignatureError('signature-invalid', 'the signature does not verify', { authority });
  }
};
