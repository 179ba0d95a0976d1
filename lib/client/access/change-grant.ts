// Revokes, pauses and resumes grants for the patient, and returns grants for the recipient. Each change is a signed statement.
import { RIGHT_FACTS } from '../../domain/grant.ts';
import type { Payload } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { verifyGrant, type Grant, type GrantView } from './verify-grant.ts';
import type { CallOptions } from '../session/transport.ts';

/** A grant by its id and its verified statement. */
export type GrantRef = Pick<Grant, 'id' | 'statement'>;
/** A grant with the number of its pauses and resumptions so far: the next one gets the next number. */
export type PausableGrantRef = GrantRef & Pick<Grant, 'holds'>;

const ended = (ctx: Context, view: GrantView, { statement }: GrantRef): Promise<Grant> => {
  if (view.state !== 'revoked')
    throw new ClientError('bad-answer', 'the service does not say that the grant has ended');
  return verifyGrant(ctx, { ...view, statement: statement.jws }, statement.payload.patient);
};

export const revoke = async (
  ctx: Context,
  grant: GrantRef,
  code: Payload<'revocation'>['code'] = 'no-longer-needed',
  options: CallOptions = {},
): Promise<Grant> => {
  const payload = {
    patient: ctx.keys.id,
    grant: grant.id,
    of: grant.statement.hash,
    code,
    when: await ctx.clock.date(options),
  };
  const { jws } = await signStatement('revocation', payload, ctx.keys);
  ctx.memory.noteRevoked(grant.id, RIGHT_FACTS[grant.statement.payload.right].needsKeyFragments);
  const view = await ctx.call('revoke-grant', { params: { grantId: grant.id }, body: { statement: jws } }, options);
  return ended(ctx, view, grant);
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
  { id, holds, statement }: PausableGrantRef,
  options: CallOptions = {},
): Promise<Grant> => {
  const payload = {
    patient: ctx.keys.id,
    grant: id,
    of: statement.hash,
    number: holds + 1,
    when: await ctx.clock.date(options),
  };
  const { jws } = await signStatement(kind, payload, ctx.keys);
  const route = kind === 'pause' ? 'pause-grant' : 'resume-grant';
  const view = await ctx.call(route, { params: { grantId: id }, body: { statement: jws } }, options);
  if ((view.state === 'paused') !== (kind === 'pause'))
    throw new ClientError('bad-answer', 'the service does not say that the grant is held, or goes on');
  return verifyGrant(ctx, { ...view, statement: statement.jws }, ctx.keys.id);
};
