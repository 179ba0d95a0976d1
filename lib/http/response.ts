// Response builder: makes every response, so that all have the same headers. The gateway adds the cross-origin headers.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AppError } from '../api/errors.ts';
import { ACCEPT_SIGNATURE } from '../api/request-signature.ts';
import type { Route } from '../api/route.ts';
import { problemOf } from './problem.ts';

export type Response = APIGatewayProxyStructuredResultV2;

/** Headers that forbid caching, framing and content sniffing of a response, and plain HTTP for later requests. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;

// This header tells the sender of a refused request how to sign a request (RFC 9421 section 5.1).
const CHALLENGE = {
  'www-authenticate': 'Signature realm="pcehr"',
  'accept-signature': ACCEPT_SIGNATURE,
} as const;

/** Makes the response with the answer of a use case, and the status of its route. */
export function answer(route: Route, body: unknown, requestId: string): Response {
  return respond(route.answer[0], 'application/json', body, requestId);
}

export function refusal(error: AppError, requestId: string): Response {
  const problem = problemOf(error, requestId);
  return respond(problem.status, 'application/problem+json', problem, requestId, {
    ...(problem.status === 401 ? CHALLENGE : {}),
    ...(problem.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(problem.retryAfter)) }),
  });
}

function respond(
  statusCode: number,
  contentType: string,
  body: unknown,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return {
    statusCode,
    headers: { ...SECURITY_HEADERS, ...headers, 'content-type': contentType, 'x-request-id': requestId },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}
