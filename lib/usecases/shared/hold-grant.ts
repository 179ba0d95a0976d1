// Pause and resumption of a grant: each changes the state of the grant at once. The two calls differ only in statement, states and event.
import { AppError } from '../../api/errors.ts';
import type { Answer, Input } from '../../api/routes.ts';
import { endAt } from '../../domain/grant.ts';
import { grantLife } from '../../domain/life-cycles.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { Call } from '../../ports/call.ts';
import { mustBeStored, withEntry } from '../checks/entry.ts';
import { whileRegistered } from '../checks/caller.ts';
import { ownGrant } from '../checks/extension.ts';
import type { Grants, Identities, StatementChain } from '../../ports/index.ts';
import { mustBe } from '../checks/statement-members.ts';
import { grantAnswer } from './answers.ts';

export interface HoldDeps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'hold'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

/** Pauses or resumes a grant. @throws {AppError} `statement-invalid`, `not-found`, `grant-ended`, `statement-outdated` */
export async function holdGrant(
  kind: 'pause' | 'resumption',
  { identities, grants, chain }: HoldDeps,
  call: Call,
  { params, body }: Pick<Input<'pause-grant'>, 'params' | 'body'>,
): Promise<Answer<'pause-grant'>> {
  const statement = await verifyStatement(kind, body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('grant', payload.grant === params.grantId);
  const act = await withEntry(call, body, [statement]);

  const [, grant] = await whileRegistered(identities, call.caller, ownGrant(grants, params.grantId, call));
  mustBe('of', payload.of === grant.statement.hash);
  if (grant.held.hash === hash) {
    await mustBeStored(chain, act);
    return grantAnswer(grant, call.now);
  }
  const reason = endAt(grant.status, call.now);
  if (reason !== undefined) throw new AppError('grant-ended', { reason });
  const { from, to } = kind === 'pause' ? grantLife.pause : grantLife.resume;
  if (grant.status.state !== from || payload.number !== grant.held.number + 1) throw new AppError('statement-outdated');

  await grants.hold(
    grant,
    statement,
    {
      kind: kind === 'pause' ? 'grant-paused' : 'grant-resumed',
      patient: call.caller,
      actor: call.caller,
      subject: { grant: payload.grant },
      at: call.now,
      statement: hash,
    },
    act,
  );
  const held = { number: payload.number, hash };
  return grantAnswer({ ...grant, held, status: { ...grant.status, state: to } }, call.now);
}
