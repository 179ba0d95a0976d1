// Who sent this request: RFC 9421 signature and RFC 9530 digest, checked against what is configured and what arrived, never against what a
// proxy says. docs/spec/request-signatures.md is the page to this file; lib/api/request-signature.ts has the rules.
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
  | 'clock-skew'; // well formed, but not of this time

/** A refused request. The message says which rule it broke and repeats nothing of it. */
export class HttpSignatureError extends Error {
  override readonly name = 'HttpSignatureError';
  readonly code: HttpSignatureErrorCode;
  /** `clock-skew`: whether the signer's clock is ahead of this one or behind it. */
  readonly clock: ClockFault | undefined;
  constructor(code: HttpSignatureErrorCode, message: string, clock?: ClockFault) {
    super(message);
    this.code = code;
    this.clock = clock;
  }
}

export interface IncomingRequest {
  readonly method: string;
  /** Host, and port unless it is the scheme's own; lower case. From configuration, never from the request. */
  readonly authority: string;
  /** Without the prefix that a gateway added. */
  readonly path: string;
  /** Undecoded, without the question mark. */
  readonly rawQuery: string;
  /** Names in any case; several lines of one name joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Absent and empty are the same. */
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
/** One member: label, then 64 bytes as base64 with the spare bits zero. */
const SIGNATURE = /^[a-z*][a-z0-9_\-.*]*=:[A-Za-z0-9+/]{85}[AQgw]==:$/;
// Characters of RFC 3986; anything else could move the borders between path, query and fragment.
const PATH = /^\/[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*$/;
const QUERY = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*$/;

const invalid = (rule: string): HttpSignatureError => new HttpSignatureError('signature-invalid', rule);

/** The three headers that matter. A name given twice in different case is refused: which one counts would be up to the reader. */
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
  // One text only: several digests, or a second line, do not equal it.
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
  // The library lets through integers only.
  if (created === undefined || expires === undefined || expires <= created || expires > created + SIGNATURE_LIFE)
    throw invalid('created and expires');
  const clock = skewOf({ created, expires }, now);
  if (clock !== undefined)
    throw new HttpSignatureError('clock-skew', 'created or expires is too far from the present', clock);
  return { caller, nonce, expires: expires * 1000 };
};

/**
 * Checks that exactly this request was signed, a moment ago, by the identity that it names. Needs no look-up: the id is the key. Whether the
 * identity is registered, and whether the nonce is fresh, is for the caller to see.
 *
 * @param at `now` in milliseconds
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
        // The window is checked in checkParameters, which has an error of its own for it.
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
    // The library wraps what the resolver throws; whatever else it finds wrong is one thing to the caller.
    throw isSignatureError(error) && error.cause instanceof HttpSignatureError
      ? error.cause
      : invalid('the signature does not verify');
  }
};
