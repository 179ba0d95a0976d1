// Revokes, pauses and resumes grants for the patient, and gives grants back for the recipient. Each change is a signed statement.
import { AppError } from '../../api/errors.ts';
import type { Payload } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { readTrail } from '../audit/read-trail.ts';
import type { GivenAccess, GivenGrant } from '../chain/given-access.ts';
import { entryBodyOf, type EntryBody } from '../chain/statement-chain.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError } from '../session/errors.ts';
import { fetchGivenGrant } from './given-grants.ts';
import { verifyGrant, type Grant, type GrantView } from './verify-grant.ts';
import type { CallOptions } from '../session/transport.ts';

/** A grant by its id and its verified statement. */
export type GrantRef = Pick<Grant, 'id' | 'statement'>;

const ended = (ctx: Context, view: GrantView, { statement }: GrantRef): Promise<Grant> => {
  if (view.state !== 'revoked')
    throw new ClientError('bad-answer', 'the service does not say that the grant has ended');
  return verifyGrant(ctx, { ...view, statement: statement.jws }, statement.payload.patient);
};

/** Finds the grant in the patient's chain of statements. @throws {ClientError} `not-mine` if this patient did not give it */
const givenGrant = ({ grants }: GivenAccess, { id, statement }: GrantRef): GivenGrant => {
  const given = grants.get(id);
  if (given?.statement.hash !== statement.hash)
    throw new ClientError('not-mine', 'the chain of statements does not have this grant');
  return given;
};

/** Returns a grant that its recipient ended. The trail must contain the recipient's statement, because the service could lie about the end. */
const endedByRecipient = async (ctx: Context, { id }: GrantRef, options: CallOptions): Promise<Grant> => {
  const trail = await readTrail(ctx, options);
  check(
    'grant',
    trail.some((e) => e.kind === 'grant-returned' && e.subject.grant === id),
  );
  return fetchGivenGrant(ctx, id, options);
};

const hasEnded = (error: unknown): boolean => error instanceof AppError && error.code === 'grant-ended';

export const revoke = async (
  ctx: Context,
  grant: GrantRef,
  code: Payload<'revocation'>['code'] = 'no-longer-needed',
  options: CallOptions = {},
): Promise<Grant> => {
  // The memory notes the revocation at once, so that an act that still waits for the service does not prolong the grant.
  ctx.memory.noteRevoked(grant.id);
  const when = await ctx.clock.date(options);
  const revoked = ctx.chain.append(async (given) => {
    const { revocation: before } = givenGrant(given, grant);
    const payload = { patient: ctx.keys.id, grant: grant.id, of: grant.statement.hash, code, when };
    const statement = before ?? (await signStatement('revocation', payload, ctx.keys));
    const send = async (entry: EntryBody) => {
      const body = { statement: statement.jws, ...entry };
      return ended(ctx, await ctx.call('revoke-grant', { params: { grantId: grant.id }, body }, options), grant);
    };
    // If the chain already has the revocation, the client sends it again. The service then deletes the key fragments that an interrupted revocation left.
    const again = given.entries.get(statement.hash);
    return again === undefined ? { statements: [statement], send } : { done: await send(entryBodyOf(again)) };
  }, options);
  return revoked.catch((error: unknown) => {
    if (hasEnded(error)) return endedByRecipient(ctx, grant, options);
    throw error;
  });
};

export const giveBack = async (
  ctx: Context,
  grant: GrantRef,
  code: Payload<'return'>['code'] = 'not-needed',
  options: CallOptions = {},
): Promise<Grant> => {
  const { patient } = grant.statement.payload;
  const ending = { grant: grant.id, of: grant.statement.hash, code, when: await ctx.clock.date(options) };
  const { jws } = await signStatement('return', { recipient: ctx.keys.id, patient, ...ending }, ctx.keys);
  const view = await ctx.call('return-grant', { params: { grantId: grant.id }, body: { statement: jws } }, options);
  return ended(ctx, view, grant);
};

export const setPaused = async (
  ctx: Context,
  kind: 'pause' | 'resumption',
  grant: GrantRef,
  options: CallOptions = {},
): Promise<Grant> => {
  const when = await ctx.clock.date(options);
  const route = kind === 'pause' ? 'pause-grant' : 'resume-grant';
  const held = await ctx.chain.append<Grant | undefined>(async (given) => {
    const { holds, revocation } = givenGrant(given, grant);
    // Another device may have revoked the grant.
    if (revocation !== undefined) throw new AppError('grant-ended');
    if ((holds % 2 === 1) === (kind === 'pause')) return { done: undefined };
    const payload = { patient: ctx.keys.id, grant: grant.id, of: grant.statement.hash, number: holds + 1, when };
    const statement = await signStatement(kind, payload, ctx.keys);
    const send = async (entry: EntryBody) => {
      const body = { statement: statement.jws, ...entry };
      const view = await ctx.call(route, { params: { grantId: grant.id }, body }, options);
      if ((view.state === 'paused') !== (kind === 'pause'))
        throw new ClientError('bad-answer', 'the service does not say that the grant is held, or goes on');
      return verifyGrant(ctx, { ...view, statement: grant.statement.jws }, ctx.keys.id);
    };
    return { statements: [statement], send };
  }, options);
  return held ?? fetchGivenGrant(ctx, grant.id, options);
};
