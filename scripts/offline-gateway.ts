// Plugin of osls that makes serverless-offline behave like API Gateway: queries and request bodies of any type reach the functions byte for byte, and
// requests that match no route get the answer of API Gateway.
import type { IncomingHttpHeaders } from 'node:http';

/** The parts of hapi, the server below serverless-offline, that are used here. */
interface Request {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  readonly raw: { readonly req: { readonly url?: string } };
  readonly route: { readonly path: string };
  readonly response: {
    readonly isBoom?: boolean;
    readonly output: { payload: { readonly error: string; readonly message?: string } };
    source: unknown;
  };
}
interface Toolkit {
  readonly continue: symbol;
}
export interface Server {
  ext(event: 'onRequest' | 'onPreResponse', run: (request: Request, h: Toolkit) => symbol): void;
}

interface Serverless {
  readonly pluginManager: {
    readonly plugins: readonly { readonly internals?: () => { readonly getApiGatewayServer: () => Server } }[];
  };
}

/**
 * Makes hapi take every body as bytes: serverless-offline would parse JSON, and hapi would refuse some types and cookies. The events for the functions keep the
 * removed headers, because serverless-offline takes them from another list.
 */
function takeBodiesAsBytes({ headers }: Request): void {
  headers['content-type'] = 'application/octet-stream';
  delete headers['content-encoding'];
  delete headers.cookie;
}

/**
 * Keeps the query as the client sent it: serverless-offline reads it from `toString` of URLSearchParams, which would encode it in another way. The path stays
 * decoded, as in AWS's Lambda Test Tool, which was tested against API Gateway (aws/aws-lambda-dotnet, pull request 1901).
 */
function keepQueryAsSent({ url, raw }: Request): void {
  const target = raw.req.url ?? '';
  const begin = target.indexOf('?');
  const query = begin === -1 ? '' : target.slice(begin + 1);
  Object.defineProperty(url.searchParams, 'toString', { value: () => query });
}

/** The path of serverless-offline's route for requests that match no other route. */
const NO_ROUTE = '/{p*}';

function answerAsGateway({ method, route, response }: Request): void {
  if (method === 'options') return;
  if (response.isBoom === true) Object.assign(response.output, { payload: { message: response.output.payload.error } });
  else if (route.path === NO_ROUTE) response.source = { message: 'Not Found' };
}

/** Makes a hapi server treat bodies, queries and unknown routes as API Gateway does. */
export function extend(server: Server): void {
  server.ext('onRequest', (request, h) => {
    takeBodiesAsBytes(request);
    keepQueryAsSent(request);
    return h.continue;
  });
  server.ext('onPreResponse', (request, h) => {
    answerAsGateway(request);
    return h.continue;
  });
}

export default class Gateway {
  readonly hooks: Readonly<Record<string, () => void>>;

  constructor({ pluginManager }: Serverless) {
    this.hooks = {
      'after:offline:start:init': () => {
        const offline = pluginManager.plugins.find(({ internals }) => internals !== undefined);
        if (offline?.internals === undefined) throw new Error('serverless-offline is not among the plugins');
        extend(offline.internals().getApiGatewayServer());
      },
    };
  }
}
