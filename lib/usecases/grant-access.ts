// Use case grant-access: the patient grants access without a request, or adds a grant to an approved request.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Statement } from '../statements/kinds.ts';
import { fresh } from './approve-request.ts';
import type { Call } from '../ports/call.ts';
import { refuseAsNotFound } from './checks/caller.ts';
import { mustBeStored, withEntry } from './checks/entry.ts';
import { assertTerms, grantable, granted, readGrant, type GrantDeps } from './checks/grant.ts';
import type { Grants, Requests, StatementChain, StoredRequest } from '../ports/index.ts';
import { mustBe } from './checks/statement-members.ts';
import { grantAnswer } from './shared/answers.ts';

interface Deps extends GrantDeps {
  readonly requests: Pick<Requests, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'create'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function grantAccess(
  deps: Deps,
  call: Call,
  { params, body }: Input<'grant-access'>,
): Promise<Answer<'grant-access'>> {
  const statement = await readGrant(body.statement, call);
  mustBe('grant', statement.payload.grant === params.grantId);
  const act = await withEntry(call, body, [statement]);
  const [stored, request] = await Promise.all([deps.grants.find(params.grantId), requestOf(deps, statement, call)]);
  if (stored?.statement.hash === statement.hash) {
    await mustBeStored(deps.chain, act);
    return grantAnswer(stored, call.now);
  }

  assertTerms(statement, call);
  const grant = await grantable(deps, { statement, body, ...(request && { request }) }, call);
  const { repeated } = await deps.grants.create([grant], undefined, [granted(statement, call)], act);
  const now = repeated ? await deps.grants.find(params.grantId) : undefined;
  return grantAnswer(now ?? fresh(statement), call.now);
}

/**
 * Finds the request that the grant names. The request must be approved; approve-request answers a pending one.
 * @throws {AppError} `not-found`, `request-closed`
 */
async function requestOf(
  { identities, requests }: Deps,
  statement: Statement<'grant'>,
  call: Call,
): Promise<StoredRequest | undefined> {
  const asked = statement.payload.request;
  if (asked === undefined) return undefined;
  const request = await requests.find(asked.id);
  if (request?.statement.payload.patient !== call.caller) return refuseAsNotFound(identities, call.caller);
  if (request.state !== 'approved') throw new AppError('request-closed');
  return request;
}
