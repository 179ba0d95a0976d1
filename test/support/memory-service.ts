// Runs the whole service in memory, behind a `fetch`: every handler with its use case, over stores in memory. It needs no AWS.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { endpoint, type Handler, type UseCase } from '../../lib/http/endpoint.ts';
import type { Runtime } from '../../lib/http/log-events.ts';
import type { Ports } from '../../lib/ports/index.ts';
import { makeMemory } from './memory/index.ts';

export const ORIGIN = 'https://service.test';

export interface MemoryServiceOptions {
  /** The service's clock, milliseconds since 1970. */
  readonly clock: () => number;
  /** Answers instead of the service; return undefined to let the service answer. */
  readonly instead?: (route: RouteName, url: URL) => Response | undefined;
}

const camel = (name: string): string => name.replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase());

const matches = (template: string, path: string): boolean => {
  const [names, segments] = [template.split('/'), path.split('/')];
  return names.length === segments.length && names.every((n, i) => n.startsWith('{') || n === segments[i]);
};
const routeOf = (method: string, path: string): RouteName | undefined =>
  (Object.keys(ROUTES) as RouteName[]).find((r) => ROUTES[r].method === method && matches(ROUTES[r].path, path));

const toEvent = (request: Request, url: URL, body: string): APIGatewayProxyEventV2 =>
  ({
    version: '2.0',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: Object.fromEntries(request.headers),
    requestContext: { http: { method: request.method, path: url.pathname } },
    body: body === '' ? undefined : body,
    isBase64Encoded: false,
  }) as unknown as APIGatewayProxyEventV2;

export const memoryService = ({ clock, instead }: MemoryServiceOptions) => {
  const memory = makeMemory();
  const runtime: Ports & Runtime = { ...memory.ports, log: () => undefined, clock, origin: () => new URL(ORIGIN) };
  const calls: RouteName[] = [];

  const handlerOf = async (route: RouteName): Promise<Handler> => {
    const module = (await import(`../../lib/usecases/${route}.ts`)) as Record<string, UseCase<RouteName, Ports>>;
    return endpoint(ROUTES, route, module[camel(route)]!, runtime);
  };

  const storage = async (request: Request): Promise<Response> => {
    if (request.method !== 'PUT') {
      const bytes = memory.fetch(request.url, clock());
      return bytes === undefined ? new Response(null, { status: 404 }) : new Response(bytes as BodyInit);
    }
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = { ...Object.fromEntries(request.headers), 'content-length': `${body.length}` };
    return new Response(null, { status: memory.send({ number: 1, url: request.url, headers }, body, clock()) });
  };

  const inMemory: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin !== ORIGIN) return storage(request);
    const route = routeOf(request.method, url.pathname);
    if (route === undefined) return new Response(null, { status: 404 });
    calls.push(route);
    const prepared = instead?.(route, url);
    if (prepared !== undefined) return prepared;
    const handle = await handlerOf(route);
    const context = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 30_000 } as Context;
    const answer = await handle(toEvent(request, url, await request.text()), context);
    const headers = answer.headers as Record<string, string>;
    return new Response(answer.body ?? null, { status: answer.statusCode ?? 200, headers });
  };
  return { memory, calls, fetch: inMemory };
};
