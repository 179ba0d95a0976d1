// Runs the whole service in the test's process, on the local AWS: every handler as deployed, behind a `fetch` that uses the gateway's payload format. A test
// can add middleware to the AWS clients (to count, inject faults or wait) and set the clock.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../lib/api/errors.ts';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import type { Handler } from '../../lib/http/endpoint.ts';
import type { Log } from '../../lib/http/log-events.ts';
import type { AwsClient } from '../../lib/runtime/container.ts';
import { withServiceSigner } from '../../lib/runtime/signing-container.ts';
import { makeStorageContainer } from '../../lib/runtime/storage-container.ts';

type Container = ReturnType<typeof withServiceSigner<ReturnType<typeof makeStorageContainer>>>;
import { errorsOf } from '../../scripts/contract/document.ts';
import { callHandler, eventOf, handlerOf, routeOf } from './function-call.ts';
import { storageFetch } from './storage-fetch.ts';

export const ORIGIN = 'http://service.test';

export interface ServiceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: () => number;
  readonly onClient?: (client: AwsClient) => void;
  /** Receives the log lines; by default they are dropped. */
  readonly log?: Log;
  /** Is called for each call of a route, and must call `run` to perform it. */
  readonly around?: (route: RouteName, run: () => Promise<Response>) => Promise<Response>;
}

export interface Service {
  readonly origin: string;
  readonly container: Container;
  /** The `fetch` for the SDK and for raw calls. Calls to ORIGIN stay in the process; all other calls (to presigned URLs) go to the storage. */
  readonly fetch: typeof fetch;
}

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'openapi.json');
/** Makes the dependencies of the function openapi, the only one that needs something that is not in the container. */
const documented = ({ log, clock, origin }: Container): Container =>
  ({
    log,
    clock,
    origin,
    document: () => JSON.parse(readFileSync(DOCUMENT, 'utf8')) as object,
  }) as unknown as Container;

/** Checks that the contract of the route lists the error code of an answer. */
const mustBeDeclared = async (route: RouteName, response: Response): Promise<void> => {
  if (response.ok) return;
  const { code } = (await response.clone().json()) as { code: ErrorCode };
  if (!errorsOf(ROUTES[route]).includes(code)) throw new TypeError(`the contract of ${route} does not name ${code}`);
};

/** Removes the time limits of an AWS client. A busy machine exceeds them; then the answer is `busy`, and the SDK repeats the call. */
const withoutTimeLimits = ({ config }: AwsClient): void => {
  const handler = config.requestHandler as unknown as { updateHttpClientConfig: (name: string, ms: number) => void };
  for (const limit of ['connectionTimeout', 'requestTimeout']) handler.updateHttpClientConfig(limit, 0);
};

export const makeService = ({
  env,
  clock,
  onClient = () => undefined,
  log = () => undefined,
  around = (_, run) => run(),
}: ServiceOptions): Service => {
  const source = () => ({ AWS_REGION: 'us-east-1', ...env, PUBLIC_ORIGIN: ORIGIN });
  // The stores limit their repeated tries by number and by the time on this clock. The clock stands still, so that only the number counts: on a busy machine
  // ten seconds can pass between two tries.
  const waiting = { clock: () => 0 };
  const options = {
    log,
    waiting,
    ...(clock === undefined ? {} : { clock }),
    onClient: (client: AwsClient) => {
      withoutTimeLimits(client);
      onClient(client);
    },
  };
  const container = withServiceSigner(makeStorageContainer(source, options), source, options);
  const handlers = new Map<RouteName, Handler>();
  const handlerFor = async (route: RouteName): Promise<Handler> => {
    const made =
      handlers.get(route) ?? (await handlerOf(route, route === 'openapi' ? documented(container) : container));
    handlers.set(route, made);
    return made;
  };

  const inProcess: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin !== ORIGIN) return storageFetch(input, init);
    const route = routeOf(request.method, url.pathname);
    if (route === undefined) return new Response(null, { status: 404 });
    const event = await eventOf(request);
    return around(route, async () => {
      const response = await callHandler(await handlerFor(route), event);
      await mustBeDeclared(route, response);
      return response;
    });
  };
  return { origin: ORIGIN, container, fetch: inProcess };
};
