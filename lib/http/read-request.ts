// Request reader: reads path, query and body from the bytes that were signed. It ignores what the gateway parsed or added (path parameters, query
// parameters, authorizer context).
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod/mini';
import { AppError } from '../api/errors.ts';
import { MAX_BODY, type Route } from '../api/route.ts';
import { malformed } from './problem.ts';

const SEGMENT = /^[\w-]+$/;
const PAIR = /^([A-Za-z]+)=([\w-]*)$/;

/**
 * Reads the body as bytes. It accepts at most MAX_BODY bytes.
 * @throws {AppError} `body-too-large`; `malformed-request` if the gateway passed on something other than text
 */
export function readBody({ body, isBase64Encoded }: APIGatewayProxyEventV2): Uint8Array {
  // API Gateway omits an absent body. serverless-offline sends null, or a value that it parsed, unless scripts/offline-gateway.ts prevents that.
  const text = (body as unknown) ?? '';
  if (typeof text !== 'string') throw new AppError('malformed-request', { member: 'body' });
  const bytes = isBase64Encoded ? Buffer.from(text, 'base64') : Buffer.from(text, 'utf8');
  if (bytes.length > MAX_BODY) throw new AppError('body-too-large');
  return bytes;
}

/**
 * Refuses requests that a gateway may change on the way: it may decode the path, rebuild the query or drop the body of a GET. This check comes before the check
 * of the signature, which would tell the sender only that the signature is wrong.
 * @throws {AppError} `malformed-request`: `path` or `query` if it contains percent-encoding, `body` if the route has none
 */
export function assertForm(route: Route, event: APIGatewayProxyEventV2, body: Uint8Array): void {
  const wrong = (member: string): AppError => new AppError('malformed-request', { member });
  if (event.rawPath.includes('%')) throw wrong('path');
  if (queryOf(event).includes('%')) throw wrong('query');
  if (route.body === undefined && (body.length > 0 || announcesBody(event))) throw wrong('body');
}

/** Whether the headers announce a body. If the gateway dropped the body, the headers are still there. */
function announcesBody({ headers }: APIGatewayProxyEventV2): boolean {
  return Object.entries(headers).some(([name, value]) => {
    const lower = name.toLowerCase();
    return (lower === 'content-length' && value !== '0') || lower === 'transfer-encoding';
  });
}

/** Returns the query. If there is none, API Gateway sends an empty text, and other gateways leave the member out. */
const queryOf = ({ rawQueryString }: { readonly rawQueryString?: string | null | undefined }): string =>
  rawQueryString ?? '';

/**
 * Parses path, query and body with the schemas of the route.
 * @throws {AppError} `malformed-request` with the member; `not-found` if path or method belong to another route
 */
export function readInput(route: Route, event: APIGatewayProxyEventV2, body: Uint8Array): unknown {
  if (event.requestContext.http.method !== route.method) throw new AppError('not-found');
  return {
    params: parse('path', route.params, readPath(route.path, event.rawPath)),
    query: parse('query', route.query, readQuery(queryOf(event))),
    body: route.body === undefined ? undefined : parse('body', route.body, readJson(body)),
  };
}

function parse(where: string, schema: z.ZodMiniType, value: unknown): unknown {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw malformed(error, where);
  return data;
}

/** Reads the parameters of the path. Ids never need percent-encoding, so a segment that needs it is not an id. */
function readPath(template: string, path: string): Record<string, string> {
  const names = template.split('/');
  const segments = path.split('/');
  if (segments.length !== names.length) throw new AppError('not-found');
  const params: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const segment = segments[i]!;
    if (!name.startsWith('{')) {
      if (segment !== name) throw new AppError('not-found');
    } else if (SEGMENT.test(segment)) params[name.slice(1, -1)] = segment;
    else throw new AppError('malformed-request', { member: name.slice(1, -1) });
  }
  return params;
}

/** Reads the query. Each name may occur once, and values contain no escapes. */
function readQuery(raw: string): Record<string, string> {
  const query: Record<string, string> = {};
  if (raw === '') return query;
  for (const pair of raw.split('&')) {
    const [, name, value] = PAIR.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw new AppError('malformed-request', { member: 'query' });
    if (Object.hasOwn(query, name)) throw new AppError('malformed-request', { member: name });
    query[name] = value;
  }
  return query;
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new AppError('malformed-request', { member: 'body' });
  }
}
