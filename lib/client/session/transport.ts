// Calls a route of the API by its name: signs the request, sends it, checks the answer, and repeats the call when that is safe. The client chooses the ids,
// so every route is idempotent, and a call whose answer was lost can be repeated. Each try has its own signature.
import * as z from 'zod/mini';
import { ERRORS, REASONS, type ErrorCode, type ProblemDetails } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import { ROUTES, type Body, type Params, type Query, type RouteName } from '../../api/routes.ts';
import { utf8 } from '../../bytes/codec.ts';
import { signRequest } from '../../identity/http-signature.ts';
import { instant } from '../../statements/fields.ts';
import type { Signer } from '../../statements/sign.ts';
import type { ServiceClock } from './clock-correction.ts';
import { platformOf, type PlatformOptions, type Platform } from './platform-functions.ts';
import { retryWait } from './retry-wait.ts';
import { ClientError, ServiceError } from './errors.ts';
import { readJson } from './read-answer.ts';
import { stoppable, TimeLimitError, within } from './time-limit.ts';

export interface TransportOptions extends PlatformOptions {
  /** Scheme, host and port of the service, as in request signatures: `https://api.example.org`. */
  readonly origin: string;
  readonly signer: Signer;
  /** The corrected clock for request signatures. Default: the device's own clock. */
  readonly correction?: Pick<ServiceClock, 'now' | 'correct' | 'noteAccepted'>;
  /** Maximum number of tries for a call that may be repeated. */
  readonly tries?: number;
  /** Time limit of one try, from the request to the last byte of the answer, milliseconds. Default: 30,000. */
  readonly timeout?: number;
}

/** The input of a route: `params`, `query` and `body`, if the route has them. */
export type CallInput<N extends RouteName> = InputPart<'params', Params<N>> & InputPart<'query', Query<N>> & BodyOf<N>;
type InputPart<K extends string, T> = [string] extends [keyof T]
  ? unknown
  : Partial<T> extends T
    ? Readonly<Partial<Record<K, T>>>
    : Readonly<Record<K, T>>;
type BodyOf<N extends RouteName> = Body<N> extends undefined ? unknown : { readonly body: Body<N> };
export type RouteAnswer<N extends RouteName> = z.output<(typeof ROUTES)[N]['answer'][1]>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Calls a route. @throws {ServiceError} a refusal by the service; {ClientError} `network`, `bad-answer`; the signal's reason if the call is aborted */
export type CallRoute = <N extends RouteName>(
  route: N,
  input: CallInput<N>,
  options?: CallOptions,
) => Promise<RouteAnswer<N>>;

/** A host in lower case with or without a port. An error shows it, so it has no other characters. */
const AUTHORITY = /^[a-z0-9.:[\]-]{1,255}$/;

const problem = z.object({
  code: z.string(),
  requestId: z.optional(z.string().check(z.maxLength(200))),
  member: z.optional(z.string().check(z.maxLength(200))),
  statement: z.optional(z.string().check(z.maxLength(200))),
  reason: z.optional(z.enum(REASONS)),
  // People read the next three members, programs do not. So an invalid value in them must not hide the refusal.
  clock: z.catch(z.optional(z.enum(['ahead', 'behind'])), undefined),
  serverTime: z.catch(z.optional(instant), undefined),
  authority: z.catch(z.optional(z.string().check(z.regex(AUTHORITY))), undefined),
  retryAfter: z.optional(z.number()),
  ids: z.optional(z.array(z.string())),
});

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** Codes after which the same request is sent again. */
const REPEATABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['busy', 'too-many']);
/** Status codes with which a gateway asks the client to try later. */
const GATEWAY = new Set([429, 502, 503, 504]);
/**
 * The longest wait that the transport makes for a Retry-After, in seconds. If the service asks for more, the transport throws at once, because `too-many` can
 * ask for weeks.
 */
const LONGEST_WAIT_S = 30;

type Values = Readonly<Record<string, string | number | undefined>>;

const buildUrl = (origin: string, route: Route, params: Values, query: Values): URL => {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const url = new URL(path, origin);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, `${value}`);
  return url;
};

interface Refusal {
  readonly error: ServiceError | ClientError;
  /** Seconds to wait before the next try. */
  readonly retryAfter: number | undefined;
  readonly repeatable: boolean;
}

/** Returns a message that names both hosts, if the request was signed for another host than the service checks. */
const otherHost = (code: ErrorCode, { authority }: ProblemDetails, { origin, host }: URL): string | undefined =>
  code === 'signature-invalid' && authority !== undefined && authority !== host
    ? `origin is ${origin}, but this service checks signatures for the host ${authority}: use that host in origin`
    : undefined;

const refusalOf = (response: HttpAnswer, url: URL): Refusal => {
  const header = Number(response.retryAfter ?? Number.NaN);
  const parsed = problem.safeParse(response.json);
  if (parsed.success && isErrorCode(parsed.data.code)) {
    const { code, requestId, ...rest } = parsed.data;
    const details: ProblemDetails = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const retryAfter = rest.retryAfter ?? (Number.isFinite(header) ? header : undefined);
    const error = new ServiceError(code, details, requestId, otherHost(code, details, url));
    return { error, retryAfter, repeatable: REPEATABLE.has(code) };
  }
  return {
    error: new ClientError('bad-answer', `the service answered ${response.status} without a known problem`),
    retryAfter: Number.isFinite(header) ? header : undefined,
    repeatable: GATEWAY.has(response.status),
  };
};

/** @returns a function that calls routes as the signer */
export const createTransport = (options: TransportOptions): CallRoute => {
  const { origin, signer, correction, tries = 6, timeout = 30_000 } = options;
  const platform = platformOf(options);

  return async (name, input, { signal } = {}) => {
    const route: Route = ROUTES[name];
    const { params = {}, query = {}, body } = input as UntypedInput;
    const url = buildUrl(origin, route, params, query);
    const bytes = body === undefined ? undefined : utf8(JSON.stringify(body));
    const isSigned = route.access !== 'public';
    let corrected = false;
    let signedAnew = false;

    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const last = attempt + 1 >= tries;
      const response = await send(platform, {
        route,
        url,
        bytes,
        signer,
        now: correction?.now() ?? platform.clock(),
        timeout,
        signal,
      });
      if (response instanceof ClientError) {
        if (last) throw response;
        await platform.sleep(retryWait(platform.rng, attempt), signal);
        continue;
      }
      if (response.ok) {
        if (isSigned) correction?.noteAccepted();
        return answered(name, response.json);
      }

      const { error, retryAfter = 0, repeatable } = refusalOf(response, url);
      const code = error instanceof ServiceError ? error.code : undefined;
      if (code === 'clock-skew' && correction !== undefined && isSigned && !corrected) {
        // The time in a refusal is not signed, so the correction asks for the signed time. The route for this time is public, so that call never needs a
        // correction itself.
        await correction.correct({ signal });
        corrected = true;
      } else if (code === 'replayed' && !signedAnew) {
        signedAnew = true;
      } else if (repeatable && !last && retryAfter <= LONGEST_WAIT_S) {
        await platform.sleep(retryAfter * 1000 + retryWait(platform.rng, attempt), signal);
      } else throw error;
    }
  };
};

/** {@link CallInput} without the types of the route. */
interface UntypedInput {
  readonly params?: Values;
  readonly query?: Values;
  readonly body?: object;
}

interface HttpAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly retryAfter: string | null;
  /** Undefined if the body is not JSON. */
  readonly json: unknown;
}

interface RequestToSend {
  readonly route: Route;
  readonly url: URL;
  readonly bytes: Uint8Array | undefined;
  readonly signer: Signer;
  /** The time for the signature, milliseconds since 1970. */
  readonly now: number;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Sends the request once. If there is no answer, it returns an error instead of throwing it, so that the caller decides about another try. */
const send = async (platform: Platform, s: RequestToSend): Promise<HttpAnswer | ClientError> => {
  const { method, access } = s.route;
  const signature =
    access === 'public'
      ? {}
      : await signRequest({ method, url: s.url, body: s.bytes }, s.signer, {
          now: s.now,
          rng: platform.rng,
        });
  const { signal, stop } = stoppable(s.signal);
  const exchange = async (): Promise<HttpAnswer> => {
    const response = await platform.fetch(s.url, {
      method,
      headers: { accept: 'application/json', ...(s.bytes && { 'content-type': 'application/json' }), ...signature },
      ...(s.bytes && { body: s.bytes as BodyInit }),
      signal,
      redirect: 'error',
      cache: 'no-store',
      credentials: 'omit',
    });
    const { ok, status, headers } = response;
    return { ok, status, retryAfter: headers.get('retry-after'), json: await readJson(response) };
  };
  try {
    return await within(platform, { ms: s.timeout, stop }, exchange());
  } catch (cause) {
    s.signal?.throwIfAborted();
    if (cause instanceof ClientError) throw cause;
    const no = cause instanceof TimeLimitError ? `no whole answer within ${s.timeout / 1000} s` : 'no answer';
    // The message has only the origin, because the path contains ids.
    return new ClientError('network', `${no} from ${s.url.origin}`, undefined, { cause });
  }
};

const answered = <N extends RouteName>(name: N, json: unknown): RouteAnswer<N> => {
  const parsed = ROUTES[name].answer[1].safeParse(json);
  if (!parsed.success) throw new ClientError('bad-answer', `the answer of ${name} is not what the contract says`);
  return parsed.data as RouteAnswer<N>;
};
