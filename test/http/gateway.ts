// Test double of the API gateway: builds events of payload format 2.0 and signs them with the client's signer.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import type { Response } from '../../lib/http/response.ts';
import { endpoint, type Handler, type UseCase } from '../../lib/http/endpoint.ts';
import type { LogEvent, LogFields, Runtime } from '../../lib/http/log-events.ts';
import { signRequest } from '../../lib/identity/http-signature.ts';
import { patient } from '../statements/samples.ts';

export const ORIGIN = 'https://records.example.org';
export const NOW = 1_767_225_600_500;
export const REQUEST_ID = '6f6d1c5e-0000-4000-8000-000000000001';
export const ID = 'a'.repeat(26);
export const JWS = 'aa.bb.cc';
export const BODY = JSON.stringify({ statement: JWS, entry: JWS });

export type Line = readonly [event: LogEvent, fields: LogFields];

export const runtimeFor = (over: Partial<Runtime> = {}): Runtime & { readonly lines: Line[] } => {
  const lines: Line[] = [];
  return {
    log: (event, fields) => lines.push([event, fields]),
    clock: () => NOW,
    origin: () => new URL(ORIGIN),
    lines,
    ...over,
  };
};

export interface RequestInput {
  readonly method?: string;
  /** Path and query, as the client sends it. */
  readonly target?: string;
  readonly body?: string | Uint8Array;
  readonly base64?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signed?: boolean;
  readonly at?: number;
  readonly origin?: string;
  readonly event?: Partial<APIGatewayProxyEventV2>;
}

/** Makes the event of a request. By default it revokes a grant. */
export const eventOf = async ({
  method = 'POST',
  target = `/v1/grants/${ID}/revocation`,
  body = method === 'GET' ? '' : BODY,
  base64 = typeof body !== 'string',
  headers = {},
  signed = true,
  at = NOW,
  origin = ORIGIN,
  event = {},
}: RequestInput = {}): Promise<APIGatewayProxyEventV2> => {
  const bytes = typeof body === 'string' ? utf8(body) : body;
  const signature = signed
    ? await signRequest({ method, url: origin + target, body: bytes }, patient, { now: at })
    : {};
  const [rawPath, ...rawQuery] = target.split('?');
  return {
    version: '2.0',
    rawPath,
    rawQueryString: rawQuery.join('?'),
    headers: { ...signature, ...headers },
    requestContext: { http: { method, path: rawPath } },
    ...(bytes.length === 0
      ? {}
      : { body: base64 ? Buffer.from(bytes).toString('base64') : Buffer.from(bytes).toString() }),
    isBase64Encoded: base64,
    ...event,
  } as APIGatewayProxyEventV2;
};

export const CONTEXT = { awsRequestId: REQUEST_ID, getRemainingTimeInMillis: () => 30_000 } as Context;

/** The arguments of a call of the fake use case. */
export interface Seen {
  readonly call: Record<string, unknown>;
  readonly input: { readonly params: unknown; readonly query: unknown; readonly body: unknown };
}

export const fake = (
  name: RouteName = 'revoke-grant',
  run: () => unknown = () => ({ done: true }),
  over: Partial<Runtime> = {},
): { readonly handler: Handler; readonly lines: Line[]; readonly seen: Seen[] } => {
  const runtime = runtimeFor(over);
  const seen: Seen[] = [];
  const useCase = (_deps: unknown, call: unknown, input: unknown): unknown => {
    seen.push({ call, input } as Seen);
    return run();
  };
  const handler = endpoint(ROUTES, name, useCase as UseCase<RouteName, unknown>, runtime);
  return { handler, lines: runtime.lines, seen };
};

/** Sends a request to a fake use case and reads the response. */
export const send = async (
  sent: RequestInput = {},
  run?: () => unknown,
  { name, ...over }: Partial<Runtime> & { readonly name?: RouteName } = {},
) => {
  const { handler, lines, seen } = fake(name, run, over);
  const response = await handler(await eventOf(sent), CONTEXT);
  return { ...read(response), lines, seen };
};

export const read = (response: Response) => ({
  status: response.statusCode,
  headers: response.headers as Record<string, string>,
  text: response.body!,
  body: JSON.parse(response.body!) as Record<string, unknown>,
});
