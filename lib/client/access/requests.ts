// Signs and sends requests for access for the recipient, and verifies requests for both parties.
import type { Answer } from '../../api/routes.ts';
import { newId, type GrantId, type IdentityId, type RequestId } from '../../bytes/ids.ts';
import { requestFault, requestStateAt } from '../../domain/request.ts';
import { DAY } from '../../domain/time.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { EnvelopeError } from '../../envelope/errors.ts';
import { openText, sealText, type TextContext } from '../../envelope/sealed-text.ts';
import type { Purpose, Right } from '../../statements/fields.ts';
import type { Payload, Scope, Statement } from '../../statements/kinds.ts';
import type { ServiceKey } from '../../statements/service-statements.ts';
import { signStatement } from '../../statements/sign.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import type { GivenAccess } from '../chain/given-access.ts';
import { readBeside } from '../chain/read-beside.ts';
import { assertValid } from '../session/check-arguments.ts';
import { dated } from '../session/clock-correction.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError } from '../session/errors.ts';
import { serviceKey } from '../session/service-statements.ts';
import { currentIdentity } from '../identities/identities.ts';
import { displayLines } from '../texts/display-text.ts';
import { scopeOf, type ScopeInput } from './scope.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';

export type RequestState = Answer<'list-requests'>['requests'][number]['state'];

/**
 * A request with a verified statement. If the caller is the patient, the client also verifies the answer to the request and the grants. All other states come
 * from the service and are not verified, except that no request is `pending` after its signed end.
 */
export interface AccessRequest {
  readonly id: RequestId;
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly scope: Scope;
  readonly rights: readonly Right[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** The decrypted message, safe to show ({@link displayLines}). Only the patient can decrypt it. */
  readonly message?: string;
  /** Present if the message cannot be decrypted, because it was copied from another request or is damaged. Such a request can be denied, but not approved. */
  readonly messageRefused?: true;
  /** Time at which the request expires without an answer, milliseconds since 1970. */
  readonly until: number;
  readonly state: RequestState;
  /** Ids of the grants with which the patient approved the request. */
  readonly grants: readonly GrantId[];
  readonly statement: Statement<'request'>;
}

/** A request for one scope: folders (1 to 80), categories, everything or a record. */
export interface RequestInput extends ScopeInput {
  readonly patient: IdentityId;
  /** Default: `read`. */
  readonly rights?: readonly Right[];
  /** Encrypted for the patient. At most about 4,000 bytes. */
  readonly message?: string;
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** Seconds until the request expires without an answer. Default: 30 days; at most 90 days. */
  readonly waitSeconds?: number;
}

interface RequestView {
  readonly statement: string;
  readonly state: RequestState;
  readonly grants?: readonly GrantId[] | undefined;
}

/**
 * Verifies a request: its recipient signed it for this deployment of the service, and the caller is a party of it.
 * @param service the service key of this deployment
 * @throws {ClientError} `unverified` (`request`), `not-mine`
 */
export const verifyRequestStatement = async (
  ctx: Context,
  view: RequestView,
  service: ServiceKey,
): Promise<AccessRequest> => {
  // Anybody may send a request, so the client accepts any signer, who must be the recipient in the request. The patient decides by the recipient's id.
  const statement = await checked('request', () =>
    verifyStatement('request', view.statement, claimOf(view.statement).signer),
  );
  const p = statement.payload;
  if (p.patient !== ctx.keys.id && p.recipient !== ctx.keys.id)
    throw new ClientError('not-mine', 'the request is between others');
  // A request for another deployment is a true statement of its recipient, who did not ask for access at this deployment.
  check('request', p.service === service);
  // A pending request ends at its signed end, whatever the service says. For the patient, who can approve it, a service that sets the clock back must not delay
  // the end.
  const now = p.patient === ctx.keys.id ? ctx.clock.latest() : ctx.now();
  return {
    id: p.request,
    patient: p.patient,
    recipient: p.recipient,
    scope: p.scope,
    rights: p.rights,
    purpose: p.purpose,
    durationSeconds: p.duration,
    ...openedMessage(ctx, p),
    until: p.until,
    state: view.state === 'pending' ? requestStateAt({ state: 'pending', until: p.until }, now) : view.state,
    grants: view.grants ?? [],
    statement,
  };
};

const messageContext = (p: Pick<Payload<'request'>, 'request' | 'patient' | 'recipient'>): TextContext => ({
  kind: 'request-message',
  sender: p.recipient,
  receiver: p.patient,
  statement: p.request,
});

/**
 * Decrypts the message of a request. A message that was copied from another request does not decrypt. Anybody can send such a message, and the service cannot
 * detect it. So the client marks the request instead of throwing an error, which would hide the other requests.
 */
const openedMessage = (ctx: Context, p: Payload<'request'>): Pick<AccessRequest, 'message' | 'messageRefused'> => {
  const { message } = p;
  if (message === undefined || p.patient !== ctx.keys.id) return {};
  try {
    return { message: displayLines(openText(fromBase64url(message), ctx.keys.inbox(), messageContext(p))) };
  } catch (error) {
    if (error instanceof EnvelopeError) return { messageRefused: true };
    throw error;
  }
};

/** Encrypts a message for the inbox key in the patient's identity statement. */
const sealedMessage = async (
  ctx: Context,
  request: Parameters<typeof messageContext>[0],
  message: string | undefined,
  options: CallOptions,
): Promise<{ readonly message?: string }> => {
  if (message === undefined) return {};
  const patient = await currentIdentity(ctx, request.patient, options);
  const inbox = fromBase64url(patient.payload.inbox);
  const sealed = await checked('identity', () => sealText(messageContext(request), message, inbox, ctx.platform.rng));
  if (sealed.length > LONGEST_MESSAGE) throw new ClientError('bad-argument', 'the message is too long');
  return { message: toBase64url(sealed) };
};

const requestViews = (
  ctx: Context,
  as: 'patient' | 'recipient',
  state: RequestState | undefined,
  options: CallOptions,
): Promise<readonly RequestView[]> =>
  all(
    (cursor) =>
      ctx.call('list-requests', { query: { ...cursor, as, ...(state === undefined ? {} : { state }) } }, options),
    (page) => page.requests,
  );

const verifyAll = async (
  ctx: Context,
  as: 'patient' | 'recipient',
  views: readonly RequestView[],
  options: CallOptions,
): Promise<readonly AccessRequest[]> => {
  const service = await serviceKey(ctx, options);
  const requests = await Promise.all(views.map((v) => verifyRequestStatement(ctx, v, service)));
  if (requests.some((r) => r[as] !== ctx.keys.id)) throw new ClientError('not-mine', 'a request of others in the list');
  return requests;
};

/** Leaves out the requests in other states. The client can find another state than the one by which the service chose a request. */
const inState = (state: RequestState | undefined, requests: readonly AccessRequest[]): readonly AccessRequest[] =>
  state === undefined ? requests : requests.filter((r) => r.state === state);

/**
 * Lists the requests that the caller made. Their states come from the service and are not verified, except that none is pending after its signed end.
 * @throws {ClientError} `unverified` (`request`), `not-mine`
 */
export const listSentRequests = async (
  ctx: Context,
  state?: RequestState,
  options: CallOptions = {},
): Promise<readonly AccessRequest[]> =>
  inState(state, await verifyAll(ctx, 'recipient', await requestViews(ctx, 'recipient', state, options), options));

const isAnswer = (state: RequestState): state is 'approved' | 'denied' => state === 'approved' || state === 'denied';

/**
 * Adds to each request the patient's answer and the grants of an approval.
 * @throws {ClientError} `unverified` (`request`) for an answer that the patient did not sign
 */
const withAnswers = (
  requests: readonly AccessRequest[],
  { answers, grants }: GivenAccess,
): readonly AccessRequest[] => {
  const given = [...grants.values()].map((g) => g.statement.payload);
  return requests.map((r) => {
    const state = answers.get(r.id) ?? r.state;
    check('request', !isAnswer(state) || answers.has(r.id));
    return { ...r, state, grants: given.filter((g) => g.request?.id === r.id).map((g) => g.grant) };
  });
};

/**
 * Lists the requests to the patient. The patient's own answers come from the chain of statements. The other states come from the service and are not
 * verified, except that none is pending after its signed end.
 * @throws {ClientError} `unverified` (`request`), `not-mine`
 */
export const listReceivedRequests = async (
  ctx: Context,
  state?: RequestState,
  options: CallOptions = {},
): Promise<readonly AccessRequest[]> => {
  const list = requestViews(ctx, 'patient', state, options).then((views) => verifyAll(ctx, 'patient', views, options));
  const isKnown = (listed: readonly AccessRequest[], { answers }: GivenAccess): boolean =>
    listed.every((r) => !isAnswer(r.state) || answers.has(r.id));
  return inState(state, withAnswers(...(await readBeside(ctx, list, isKnown, options))));
};

/** Maximum length of an encrypted message, bytes. */
const LONGEST_MESSAGE = 5232;
const DEFAULT_WAIT_S = (30 * DAY) / 1000;

/** Signs and sends a request. @throws {ClientError} `bad-argument` for invalid terms */
export const requestAccess = async (
  ctx: Context,
  input: RequestInput,
  options: CallOptions = {},
): Promise<AccessRequest> => {
  const { patient, purpose, durationSeconds, rights = ['read'], waitSeconds = DEFAULT_WAIT_S } = input;
  assertValid('purpose', purpose);
  for (const right of rights) assertValid('right', right);
  const scope = scopeOf(input);
  const own = await currentIdentity(ctx, ctx.keys.id, options);
  const { number, key } = own.payload.receiving;
  const service = await serviceKey(ctx, options);
  const send = async (): Promise<AccessRequest> => {
    const now = ctx.now();
    const parties = { request: newId<RequestId>(ctx.platform.rng), patient, recipient: ctx.keys.id };
    const payload: Payload<'request'> = {
      ...parties,
      service,
      receiving: { number, key },
      scope,
      rights: [...rights],
      purpose,
      duration: durationSeconds,
      until: now + waitSeconds * 1000,
      ...(await sealedMessage(ctx, parties, input.message, options)),
      created: now,
    };
    const fault = requestFault(payload, { now, service });
    if (fault !== undefined) throw new ClientError('bad-argument', `a request cannot be made with this: ${fault}`);
    const statement = await signStatement('request', payload, ctx.keys);
    const view = await ctx.call(
      'request-access',
      { params: { requestId: payload.request }, body: { statement: statement.jws } },
      options,
    );
    return verifyRequestStatement(ctx, { ...view, statement: statement.jws }, service);
  };
  return dated(ctx.clock, send, options);
};

export const withdrawRequest = async (
  ctx: Context,
  { id, patient, statement: { hash } }: AccessRequest,
  code: Payload<'withdrawal'>['code'] = 'not-needed',
  options: CallOptions = {},
): Promise<void> => {
  const payload = { recipient: ctx.keys.id, patient, request: id, of: hash, code, when: await ctx.clock.date(options) };
  const { jws } = await signStatement('withdrawal', payload, ctx.keys);
  await ctx.call('withdraw-request', { params: { requestId: id }, body: { statement: jws } }, options);
};
