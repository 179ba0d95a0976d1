// Requests for access: made by a recipient, checked by the patient before it answers.
import type { Answer } from '../api/routes.ts';
import { newId, type FolderId, type GrantId, type IdentityId, type RequestId } from '../bytes/ids.ts';
import { requestFault } from '../domain/request.ts';
import { DAY } from '../domain/time.ts';
import type { Purpose } from '../statements/fields.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import { claimOf, verifyStatement } from '../statements/verify.ts';
import type { Context } from './context.ts';
import { checked, ClientError } from './errors.ts';
import { currentIdentity } from './identities.ts';
import { all } from './pages.ts';
import type { CallOptions } from './transport.ts';

export type RequestState = Answer<'list-requests'>['requests'][number]['state'];

/** A request whose statement was verified. State and grants are what the service says. */
export interface AccessRequest {
  readonly id: RequestId;
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly folders: readonly FolderId[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** When it lapses if nobody answers, milliseconds since 1970. */
  readonly until: number;
  readonly state: RequestState;
  /** What it was answered with. */
  readonly grants: readonly GrantId[];
  readonly statement: Statement<'request'>;
}

export interface Wish {
  readonly patient: IdentityId;
  /** 1 to 80. */
  readonly folders: readonly FolderId[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** How long the request may wait for an answer; 30 days unless given, at most 90. */
  readonly waitSeconds?: number;
}

interface RequestView {
  readonly statement: string;
  readonly state: RequestState;
  readonly grants?: readonly GrantId[] | undefined;
}

/** Signed by its recipient, and between the caller and somebody. @throws {ClientError} `unverified`, `not-mine` */
export const verifyRequestStatement = async (ctx: Context, view: RequestView): Promise<AccessRequest> => {
  // Anybody may ask: the signer is whoever the request says, and is shown to the patient by id.
  const statement = await checked('request', () =>
    verifyStatement('request', view.statement, claimOf(view.statement).signer),
  );
  const p = statement.payload;
  if (p.patient !== ctx.keys.id && p.recipient !== ctx.keys.id)
    throw new ClientError('not-mine', 'the request is between others');
  return {
    id: p.request,
    patient: p.patient,
    recipient: p.recipient,
    folders: p.scope.folders,
    purpose: p.purpose,
    durationSeconds: p.duration,
    until: p.until,
    state: view.state,
    grants: view.grants ?? [],
    statement,
  };
};

export const listRequests = async (
  ctx: Context,
  as: 'patient' | 'recipient',
  state?: RequestState,
  options: CallOptions = {},
): Promise<readonly AccessRequest[]> => {
  const views = await all(
    (cursor) =>
      ctx.call('list-requests', { query: { ...cursor, as, ...(state === undefined ? {} : { state }) } }, options),
    (page) => page.requests,
  );
  const requests = await Promise.all(views.map((v) => verifyRequestStatement(ctx, v)));
  if (requests.some((r) => r[as] !== ctx.keys.id)) throw new ClientError('not-mine', 'a request of others in the list');
  return requests;
};

const DEFAULT_WAIT_S = (30 * DAY) / 1000;

/** @throws {ClientError} `bad-argument` when the request cannot stand by itself */
export const requestAccess = async (ctx: Context, wish: Wish, options: CallOptions = {}): Promise<AccessRequest> => {
  const { patient, folders, purpose, durationSeconds, waitSeconds = DEFAULT_WAIT_S } = wish;
  const own = await currentIdentity(ctx, ctx.keys.id, options);
  const { number, key } = own.payload.receiving;
  const now = ctx.now();
  const payload: Payload<'request'> = {
    request: newId<RequestId>(ctx.world.rng),
    patient,
    recipient: ctx.keys.id,
    receiving: { number, key },
    scope: { folders: [...folders] },
    rights: ['read'],
    purpose,
    duration: durationSeconds,
    until: now + waitSeconds * 1000,
    created: now,
  };
  const fault = requestFault(payload, now);
  if (fault !== undefined) throw new ClientError('bad-argument', `a request cannot be made with this: ${fault}`);
  const statement = await signStatement('request', payload, ctx.keys);
  const view = await ctx.call(
    'request-access',
    { params: { requestId: payload.request }, body: { statement: statement.jws } },
    options,
  );
  return verifyRequestStatement(ctx, { ...view, statement: statement.jws });
};
