// End of a grant: the patient or the recipient ends a grant at once. The call needs no new epoch and carries no grant over, so nothing can delay it.
import { AppError } from '../../api/errors.ts';
import type { Answer, Input } from '../../api/routes.ts';
import type { EventKind } from '../../domain/audit-chain.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { Call } from '../../ports/call.ts';
import { findRegistered } from '../checks/caller.ts';
import type { Grants, Identities, KeyFragments } from '../../ports/index.ts';
import { mustBe } from '../checks/statement-members.ts';
import { grantAnswer } from './answers.ts';

export interface EndDeps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'revoke'>;
  readonly keyFragments: Pick<KeyFragments, 'forget'>;
}

/** For each kind of statement, the event that records it and the party of the grant that may sign it. */
const ENDINGS = {
  revocation: { event: 'grant-revoked', by: 'patient' },
  return: { event: 'grant-returned', by: 'recipient' },
} as const satisfies Record<string, { event: EventKind; by: 'patient' | 'recipient' }>;

/**
 * Idempotent: repeating it returns the grant as it is and deletes key fragments that are left.
 * @throws {AppError} `statement-invalid`, `not-found`
 */
export async function endGrant(
  kind: keyof typeof ENDINGS,
  { identities, grants, keyFragments }: EndDeps,
  call: Call,
  { params, body }: Pick<Input<'revoke-grant'>, 'params' | 'body'>,
): Promise<Answer<'revoke-grant'>> {
  const { event, by } = ENDINGS[kind];
  const statement = await verifyStatement(kind, body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('grant', payload.grant === params.grantId);

  const [grant] = await Promise.all([grants.find(params.grantId), findRegistered(identities, call.caller)]);
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
  // A repeated call does this too, because the earlier call may have been interrupted here. The grant has ended, so a fragment that is left opens nothing.
  await keyFragments.forget(payload.grant);
  return grantAnswer({ ...grant, status: { ...grant.status, state: 'revoked' } }, call.now);
}
