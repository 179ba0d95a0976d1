// Runs the whole service in the test's process, over the real local AWS: every handler as deployed, behind a `fetch` that uses the gateway's payload format.
// Tests add middleware to the AWS clients (counting, faults, barriers) and set the clock.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { ErrorCode } from '../../lib/api/errors.ts';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { endpoint, type Handler, type UseCase } from '../../lib/http/endpoint.ts';
import type { Log } from '../../lib/http/log-events.ts';
import type { AwsClient } from '../../lib/runtime/container.ts';
import { withServiceSigner } from '../../lib/runtime/signing-container.ts';
import { makeStorageContainer } from '../../lib/runtime/storage-container.ts';

type Container = ReturnType<typeof withServiceSigner<ReturnType<typeof makeStorageContainer>>>;
import { errorsOf } from '../../scripts/contract/document.ts';
import { storageFetch } from './storage-fetch.ts';

export const ORIGIN = 'http://service.test';

export interface ServiceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: () => number;
  readonly onClient?: (client: AwsClient) => void;
  /** Receives the log lines; by default they are dropped. */
  readonly log?: Log;
  /** Wraps each call. */
  readonly around?: (route: RouteName, run: () => Promise<Response>) => Promise<Response>;
}

export interface Service {
  readonly origin: string;
  readonly container: Container;
  /** For the SDK and for raw calls. Calls to ORIGIN stay in the process; all others (presigned URLs) go to storage. */
  readonly fetch: typeof fetch;
}

const camel = (name: string): string => name.replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase());

const matches = (template: string, path: string): boolean => {
  const names = template.split('/');
  const segments = path.split('/');
  return names.length === segments.length && names.every((n, i) => n.startsWith('{') || n === segments[i]);
};

export const routeOf = (method: string, path: string): RouteName | undefined =>
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

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'openapi.json');
/** The only function whose dependencies are not the container. */
const documented = ({ log, clock, origin }: Container): Container =>
  ({
    log,
    clock,
    origin,
    document: () => JSON.parse(readFileSync(DOCUMENT, 'utf8')) as object,
  }) as unknown as Container;

/** Checks that the contract lists each error answer for the route. */
const mustBeDeclared = (route: RouteName, status: number, body = ''): void => {
  if (status < 400) return;
  const { code } = JSON.parse(body) as { code: ErrorCode };
  if (!errorsOf(ROUTES[route]).includes(code)) throw new TypeError(`the contract of ${route} does not name ${code}`);
};

export const makeService = ({
  env,
  clock,
  onClient,
  log = () => undefined,
  around = (_, run) => run(),
}: ServiceOptions): Service => {
  const source = () => ({ AWS_REGION: 'us-east-1', ...env, PUBLIC_ORIGIN: ORIGIN });
  // The number of tries limits a wait, and not the time: on a busy machine ten seconds can pass between two tries.
  const waiting = { clock: () => 0 };
  const options = {
    log,
    waiting,
    ...(clock === undefined ? {} : { clock }),
    ...(onClient === undefined ? {} : { onClient }),
  };
  const container = withServiceSigner(makeStorageContainer(source, options), source, options);
  const handlers = new Map<RouteName, Handler>();
  const handlerOf = async (route: RouteName): Promise<Handler> => {
    const known = handlers.get(route);
    if (known !== undefined) return known;
    const module = (await import(`../../lib/usecases/${route}.ts`)) as Record<string, UseCase<RouteName, Container>>;
    const made = endpoint(
      ROUTES,
      route,
      module[camel(route)]!,
      route === 'openapi' ? documented(container) : container,
    );
    handlers.set(route, made);
    return made;
  };

  const inProcess: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin !== ORIGIN) return storageFetch(input, init);
    const route = routeOf(request.method, url.pathname);
    if (route === undefined) return new Response(null, { status: 404 });
    const event = toEvent(request, url, await request.text());
    return around(route, async () => {
      const handle = await handlerOf(route);
      const answer = await handle(event, {
        awsRequestId: crypto.randomUUID(),
        getRemainingTimeInMillis: () => 30_000,
      } as Context);
      mustBeDeclared(route, answer.statusCode ?? 200, answer.body);
      return new Response(answer.body ?? null, {
        status: answer.statusCode ?? 200,
        headers: answer.headers as Record<string, string>,
      });
    });
  };
  return { origin: ORIGIN, container, fetch: inProcess };
};
