// HTTP endpoint: makes a Lambda function from a use case, for an HTTP API (payload format 2.0). Every function has the same pipeline:
//   error handler (outermost: whatever fails inside, it makes exactly one response and one log line)
//   -> request id -> body limit -> form -> signature -> schema -> use case -> response.
// It uses nothing that the gateway adds or parses: no authorizer context, no Host, no X-Forwarded-*, no parsed parameters.
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { ERRORS, type AppError } from '../api/errors.ts';
import type { Route } from '../api/route.ts';
import type { Answer, Input, RouteName, ROUTES } from '../api/routes.ts';
import { instantOf } from '../domain/time.ts';
import type { Call } from '../ports/call.ts';
import { answer, refusal, type Response } from './response.ts';
import { traceOf, type LogFields, type Runtime } from './log-events.ts';
import { toAppError } from './problem.ts';
import { assertForm, readBody, readInput } from './read-request.ts';
import { verifyRequest } from './verify-request.ts';

/** The call that the use case of a route gets. Public routes have no caller. */
export type CallOf<N extends RouteName> = (typeof ROUTES)[N]['access'] extends 'public' ? Pick<Call, 'now'> : Call;

export type UseCase<N extends RouteName, D> = (
  deps: D,
  call: CallOf<N>,
  input: Input<N>,
) => Answer<N> | Promise<Answer<N>>;

export type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<Response>;

/** How many ms before Lambda's timeout the pipeline stops waiting for the use case, so that the function can still answer. */
const LAST_MOMENT = 300;

interface Exchange extends Record<string, unknown> {
  id: string;
  began: number;
  body: Uint8Array;
  call: Pick<Call, 'now'> | Call;
}
/** The arguments of the use case, after authentication and parsing. */
interface Admitted {
  readonly call: unknown;
  readonly input: unknown;
}
type Request = middy.Request<APIGatewayProxyEventV2, unknown, unknown, Context, Exchange>;
interface Step {
  readonly before?: (request: Request) => void | Promise<void>;
  readonly after?: (request: Request) => void;
  readonly onError?: (request: Request) => void;
}

/**
 * Makes the handler of a route.
 *
 * @param routes the routes of the topic of `name`, not all routes, because the function's bundle contains all that it imports
 * @param runtime log, clock and origin, and the ports that the use case needs
 */
export function endpoint<N extends RouteName, D>(
  routes: Pick<typeof ROUTES, N>,
  name: N,
  useCase: UseCase<N, D>,
  runtime: NoInfer<D> & Runtime,
): Handler {
  const route: Route = routes[name];
  const run = useCase as (deps: D, call: unknown, input: unknown) => unknown;
  const steps: readonly Step[] = [
    answering(name, route, runtime),
    { before: limitBody },
    { before: ({ event, internal }) => assertForm(route, event, internal.body) },
    { before: (request) => authenticate(request, route, runtime) },
    { before: (request) => admit(request, route) },
  ];
  const pipeline = middy<Admitted, unknown, Error, Context, Exchange>({ timeoutEarlyInMillis: LAST_MOMENT });
  for (const step of steps) pipeline.use(step as middy.MiddlewareObj);
  return pipeline.handler(({ call, input }) => run(runtime, call, input)) as unknown as Handler;
}

/** The step that makes every response and its log line. Its functions never throw, so every request gets a response. */
function answering(name: string, route: Route, runtime: Runtime): Step {
  const conclude = ({ internal }: Request, response: Response, more: Partial<LogFields>): Response => {
    const ms = Math.max(0, runtime.clock() - internal.began);
    const fields = { requestId: internal.id, function: name, status: response.statusCode ?? 0, ms, ...more };
    quietly(() => runtime.log('request-answered', fields));
    return response;
  };
  const before = (request: Request): void => {
    request.internal.id = requestId(request.context);
    request.internal.began = runtime.clock();
  };
  const after = (request: Request): void => {
    request.response = conclude(request, answer(route, request.response, request.internal.id), {});
  };
  const onError = (request: Request): void => {
    const { error: thrown, internal } = request;
    const error = toAppError(thrown, runtime.clock());
    if (isFault(error))
      quietly(() =>
        runtime.log('request-faulted', {
          requestId: internal.id,
          function: name,
          code: error.code,
          ...traceOf(thrown),
        }),
      );
    request.response = conclude(request, refusal(error, internal.id), { code: error.code });
  };
  return { before, after, onError };
}

const isFault = (error: AppError): boolean => ERRORS[error.code].fault === 'server';

/** Returns Lambda's own id of the invocation, never an id that the sender chose. */
const requestId = ({ awsRequestId }: Partial<Context>): string => awsRequestId ?? crypto.randomUUID();

function quietly(log: () => void): void {
  try {
    log();
  } catch {
    // The error is dropped, because the response must be sent even without a log line.
  }
}

function limitBody({ event, internal }: Request): void {
  internal.body = readBody(event);
}

async function authenticate({ event, internal }: Request, route: Route, runtime: Runtime): Promise<void> {
  const now = instantOf(runtime.clock());
  internal.call = { now };
  if (route.access === 'public') return;
  const { caller, nonce, expires } = await verifyRequest(
    {
      method: event.requestContext.http.method,
      authority: runtime.origin().host,
      path: event.rawPath,
      rawQuery: event.rawQueryString,
      headers: event.headers,
      body: internal.body,
    },
    { now },
  );
  internal.call = { caller, now, nonce: { value: nonce, expires } } satisfies Call;
}

function admit(request: Request, route: Route): void {
  const { event, internal } = request;
  const admitted: Admitted = { call: internal.call, input: readInput(route, event, internal.body) };
  (request as { event: unknown }).event = admitted;
}
