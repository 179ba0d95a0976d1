// A service that lies: it is an honest service, but its answers are changed before the client gets them. The test decides which answers, by route.
import type { RouteName } from '../../lib/api/routes.ts';
import { ROUTES } from '../../lib/api/routes.ts';

/** An answer of the service: its status and JSON body. */
export interface Said {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a lie may have any form
  readonly body: any;
}

/** Returns the answer that the client gets instead; undefined if the client gets the true answer. */
export type Lie = (route: RouteName, said: Said, url: URL) => Said | undefined;

const matches = (template: string, path: string): boolean => {
  const [names, segments] = [template.split('/'), path.split('/')];
  return names.length === segments.length && names.every((n, i) => n.startsWith('{') || n === segments[i]);
};

export const routeOf = (method: string, path: string): RouteName | undefined =>
  (Object.keys(ROUTES) as RouteName[]).find((r) => ROUTES[r].method === method && matches(ROUTES[r].path, path));

/** Makes a `fetch` that lies. @param lie is called after the honest service has answered, so a changed answer does not undo what the service did */
export const lyingFetch =
  (honest: typeof fetch, origin: string, lie: () => Lie | undefined): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const response = await honest(request);
    const route = url.origin === origin ? routeOf(request.method, url.pathname) : undefined;
    if (route === undefined) return response;
    const text = await response.text();
    const said: Said = { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    const { status, body } = lie()?.(route, said, url) ?? said;
    return new Response(body === undefined ? null : JSON.stringify(body), {
      status,
      headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' },
    });
  };

/** Makes an answer with which the service refuses a call. */
export const refusing = (status: number, code: string): Said => ({
  status,
  body: { type: `urn:pcehr:error:${code}`, title: code, status, code, requestId: 'r' },
});
