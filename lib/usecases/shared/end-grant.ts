// Ending a grant at once, by its patient or by its recipient. It stands alone: no new epoch, no carry-over, nothing that could make it wait.
import { AppError } from '../../api/errors.ts';
import type { Answer, Input } from '../../api/routes.ts';
import type { EventKind } from '../../domain/audit-chain.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { Call } from '../../ports/call.ts';
import { registered } from '../checks/caller.ts';
import type { Grants, Identities } from '../../ports/index.ts';
import { mustBe } from '../checks/statement-members.ts';
import { grantAnswer } from './answers.ts';

export interface EndDeps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'revoke'>;
}

/** By which statement, told of by which event, and which party of the grant may sign it. */
const ENDINGS = {
  revocation: { event: 'grant-revoked', by: 'patient' },
  return: { event: 'grant-returned', by: 'recipient' },
} as const satisfies Record<string, { event: EventKind; by: 'patient' | 'recipient' }>;

/**
 * Ended again, it is answered as it is, and what an ending before left of the key fragments goes.
 * @throws {AppError} `statement-invalid`, `not-found`
 */
export async function endGrant(
  kind: keyof typeof ENDINGS,
  { identities, grants }: EndDeps,
  call: Call,
  { params, body }: Pick<Input<'revoke-grant'>, 'params' | 'body'>,
): Promise<Answer<'revoke-grant'>> {
  const { event, by } = ENDINGS[kind];
  const statement = await verifyStatement(kind, body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('grant', payload.grant === params.grantId);

  const [grant] = await Promise.all([grants.find(params.grantId), registered(identities, call.caller)]);
  if (grant?.statement.payload[by] !== call.caller) throw new AppError('not-found');
  mustBe('of', payload.of === grant.statement.hash);
  mustBe('patient', payload.patient === grant.statement.payload.patient);

  await grants.revoke(
    grant,
    statement,
    {
      kind: event,
      patient: payload.patient,
      actor: call.caller,
      subject: { grant: payload.grant },
      at: call.now,
      statement: hash,
    },
    call,
  );
  return grantAnswer({ ...grant, status: { ...grant.status, state: 'revoked' } }, call.now);
}
