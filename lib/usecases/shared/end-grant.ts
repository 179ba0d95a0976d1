// End of a grant: the patient or the recipient ends a grant at once. The call needs no new epoch and carries no grant over, so nothing can delay it.
import { AppError } from '../../api/errors.ts';
import type { Answer, Input } from '../../api/routes.ts';
import type { EventKind } from '../../domain/audit-chain.ts';
import type { GrantId } from '../../bytes/ids.ts';
import type { Statement } from '../../statements/kinds.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { Call } from '../../ports/call.ts';
import { withEntry } from '../checks/entry.ts';
import { findRegistered } from '../checks/caller.ts';
import type { Grants, Identities, KeyFragments, StatementChain, StoredGrant } from '../../ports/index.ts';
import { mustBe } from '../checks/statement-members.ts';
import { grantAnswer } from './answers.ts';

export interface ReturnDeps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'revoke'>;
  readonly keyFragments: Pick<KeyFragments, 'forget'>;
}
export interface RevokeDeps extends ReturnDeps {
  readonly chain: Pick<StatementChain, 'has'>;
}

/** For each kind of statement, the event that records it and the party of the grant that may sign it. */
const ENDINGS = {
  revocation: { event: 'grant-revoked', by: 'patient' },
  return: { event: 'grant-returned', by: 'recipient' },
} as const satisfies Record<string, { event: EventKind; by: 'patient' | 'recipient' }>;

/**
 * Ends a grant for its patient. The call is idempotent: a repeated call returns the grant as it is, and deletes key fragments that are left.
 * @throws {AppError} `statement-invalid`, `not-found`, `chain-moved`; `grant-ended` if another statement ended the grant
 */
export async function revoke(
  deps: RevokeDeps,
  call: Call,
  { params, body }: Input<'revoke-grant'>,
): Promise<Answer<'revoke-grant'>> {
  const statement = await verifyStatement('revocation', body.statement, call.caller);
  const act = await withEntry(call, body, [statement]);
  const grant = await findEnding('revocation', deps, call, { statement, grantId: params.grantId });
  // If another statement ended the grant, the chain does not contain this entry, and the same call was not made before.
  if (grant.status.state === 'revoked' && !(await deps.chain.has(act.entry.statement)))
    throw new AppError('grant-ended', { reason: 'revoked' });
  return end('revocation', deps, act, { grant, statement });
}

/**
 * Ends a grant for its recipient. The call is idempotent, like {@link revoke}.
 * @throws {AppError} `statement-invalid`, `not-found`
 */
export async function giveBack(
  deps: ReturnDeps,
  call: Call,
  { params, body }: Input<'return-grant'>,
): Promise<Answer<'return-grant'>> {
  const statement = await verifyStatement('return', body.statement, call.caller);
  const grant = await findEnding('return', deps, call, { statement, grantId: params.grantId });
  return end('return', deps, call, { grant, statement });
}

type Ending = Statement<'revocation' | 'return'>;

/** Finds the grant that the statement ends. @throws {AppError} `statement-invalid`, `not-found` */
async function findEnding(
  kind: keyof typeof ENDINGS,
  { identities, grants }: ReturnDeps,
  call: Call,
  { statement: { payload }, grantId }: { readonly statement: Ending; readonly grantId: GrantId },
): Promise<StoredGrant> {
  mustBe('grant', payload.grant === grantId);
  const [grant] = await Promise.all([grants.find(grantId), findRegistered(identities, call.caller)]);
  if (grant?.statement.payload[ENDINGS[kind].by] !== call.caller) throw new AppError('not-found');
  mustBe('of', payload.of === grant.statement.hash);
  mustBe('patient', payload.patient === grant.statement.payload.patient);
  return grant;
}

async function end(
  kind: keyof typeof ENDINGS,
  { grants, keyFragments }: ReturnDeps,
  call: Call,
  { grant, statement }: { readonly grant: StoredGrant; readonly statement: Ending },
): Promise<Answer<'revoke-grant'>> {
  const { payload, hash } = statement;
  await grants.revoke(
    grant,
    statement,
    {
      kind: ENDINGS[kind].event,
      patient: payload.patient,
      actor: call.caller,
      subject: { grant: payload.grant },
      at: call.now,
      statement: hash,
    },
    call,
  );
  // Deletes the key fragments that are left. A repeated call does this too, because the earlier call may have been interrupted here. The grant has ended, so a
  // fragment that is left opens nothing.
  await keyFragments.forget(payload.grant);
  return grantAnswer({ ...grant, status: { ...grant.status, state: 'revoked' } }, call.now);
}
