// Runs the whole service in memory, behind a `fetch`: every handler with its use case, over stores in memory. It needs no AWS.
import type { RouteName } from '../../lib/api/routes.ts';
import type { Runtime } from '../../lib/http/log-events.ts';
import type { Ports, ServiceSigner } from '../../lib/ports/index.ts';
import { callHandler, eventOf, handlerOf, routeOf } from './function-call.ts';
import { makeMemory, type Schedule, type State } from './memory/index.ts';

export const ORIGIN = 'https://service.test';

export interface MemoryServiceOptions {
  /** The service's clock, milliseconds since 1970. */
  readonly clock: () => number;
  /** Answers instead of the service. If it returns undefined, the service answers. */
  readonly instead?: (route: RouteName, url: URL) => Response | undefined;
  /** Decides when the steps of the stores run. By default they run in the order of the calls. */
  readonly schedule?: Schedule;
  /** The first state. It is changed in place. By default the service is empty. */
  readonly state?: State;
  /** Signs as the service. By default all services in memory have the same key. */
  readonly signer?: ServiceSigner;
}

export const memoryService = ({ clock, instead, schedule, state, signer }: MemoryServiceOptions) => {
  const memory = makeMemory({ ...(schedule && { schedule }), ...(state && { state }) });
  const ports: Ports = { ...memory.ports, ...(signer && { serviceSigner: signer }) };
  const runtime: Ports & Runtime = { ...ports, log: () => undefined, clock, origin: () => new URL(ORIGIN) };
  const calls: RouteName[] = [];

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
    return callHandler(await handlerOf(route, runtime), await eventOf(request));
  };
  return { memory, calls, fetch: inMemory };
};
