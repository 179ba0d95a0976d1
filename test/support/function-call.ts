// Calls a function as API Gateway does: turns a request into an event of payload format 2.0, and the function's answer into a response.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { endpoint, type Handler, type UseCase } from '../../lib/http/endpoint.ts';
import type { Runtime } from '../../lib/http/log-events.ts';

const camel = (name: string): string => name.replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase());

const matches = (template: string, path: string): boolean => {
  const [names, segments] = [template.split('/'), path.split('/')];
  return names.length === segments.length && names.every((n, i) => n.startsWith('{') || n === segments[i]);
};

export const routeOf = (method: string, path: string): RouteName | undefined =>
  (Object.keys(ROUTES) as RouteName[]).find((r) => ROUTES[r].method === method && matches(ROUTES[r].path, path));

/** Makes the handler of a route with its use case. */
export const handlerOf = async <D extends Runtime>(route: RouteName, deps: D): Promise<Handler> => {
  const module = (await import(`../../lib/usecases/${route}.ts`)) as Record<string, UseCase<RouteName, D>>;
  return endpoint(ROUTES, route, module[camel(route)]!, deps);
};

export const eventOf = async (request: Request): Promise<APIGatewayProxyEventV2> => {
  const { pathname, search } = new URL(request.url);
  const body = await request.text();
  return {
    version: '2.0',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: Object.fromEntries(request.headers),
    requestContext: { http: { method: request.method, path: pathname } },
    body: body === '' ? undefined : body,
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2;
};

export const callHandler = async (handle: Handler, event: APIGatewayProxyEventV2): Promise<Response> => {
  const context = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 30_000 } as Context;
  const { body, statusCode = 200, headers } = await handle(event, context);
  return new Response(body ?? null, { status: statusCode, headers: headers as Record<string, string> });
};
