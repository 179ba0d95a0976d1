// The patient ends a grant at once. It stands alone: no new epoch, no carry-over, nothing that could make it wait.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { verifyStatement } from '../statements/verify.ts';
import type { Call } from './call.ts';
import { registered } from './caller.ts';
import type { Grants, Identities } from './ports.ts';
import { mustBe } from './stated.ts';
import { grantAnswer } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'revoke'>;
}

export async function revokeGrant(
  { identities, grants }: Deps,
  call: Call,
  { params, body }: Input<'revoke-grant'>,
): Promise<Answer<'revoke-grant'>> {
  const statement = await verifyStatement('revocation', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('grant', payload.grant === params.grantId);

  const [grant] = await Promise.all([grants.find(params.grantId), registered(identities, call.caller)]);
  if (grant?.statement.payload.patient !== call.caller) throw new AppError('not-found');
  mustBe('of', payload.of === grant.statement.hash);
  if (grant.status.state === 'revoked') return grantAnswer(grant, call.now);

  await grants.revoke(
    grant,
    statement,
    {
      kind: 'grant-revoked',
      patient: call.caller,
      actor: call.caller,
      subject: { grant: payload.grant },
      at: call.now,
      statement: hash,
    },
    call,
  );
  return grantAnswer({ ...grant, status: { ...grant.status, state: 'revoked' } }, call.now);
}
