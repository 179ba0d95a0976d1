// Use case approve-request: the patient approves a pending request with grants. It stores nothing unless the patient signed every grant and
// every grant is within the request.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { isOpen } from '../domain/request.ts';
import { MOST_CELLS } from '../statements/fields.ts';
import type { Statement } from '../statements/kinds.ts';
import type { Call } from '../ports/call.ts';
import { refuseAsNotFound } from './checks/caller.ts';
import { mustBeStored, withEntry } from './checks/entry.ts';
import { assertTerms, grantable, granted, readGrant, type GrantDeps } from './checks/grant.ts';
import type { Grants, Requests, StatementChain, StoredGrant } from '../ports/index.ts';
import { checkEach, mustBe } from './checks/statement-members.ts';
import { grantAnswer } from './shared/answers.ts';

interface Deps extends GrantDeps {
  readonly requests: Pick<Requests, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'create'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function approveRequest(
  deps: Deps,
  call: Call,
  { params, body }: Input<'approve-request'>,
): Promise<Answer<'approve-request'>> {
  const request = await deps.requests.find(params.requestId);
  if (request?.statement.payload.patient !== call.caller) return refuseAsNotFound(deps.identities, call.caller);

  const statements = await checkEach('grants', body.grants, (g) => readGrant(g.statement, call));
  await assertOnePerRight(statements);
  // Checks that every grant names this request, before findAll looks for a repeated call: a grant that is stored for another request does not count as one.
  await checkEach('grants', statements, (s) => {
    if (s.payload.request?.id !== params.requestId) throw new AppError('grant-exceeds-request', { member: 'request' });
  });
  const act = await withEntry(call, body, statements);
  const before = await findAll(deps, statements);
  if (before !== undefined) {
    await mustBeStored(deps.chain, act);
    return { grants: before.map((g) => grantAnswer(g, call.now)) };
  }
  if (!isOpen({ state: request.state, until: request.until }, call.now)) throw new AppError('request-closed');

  // The terms of all grants are checked first, because that check needs no stored state.
  await checkEach('grants', statements, (s) => assertTerms(s, call));
  const grants = await checkEach('grants', body.grants, (g, i) =>
    grantable(deps, { statement: statements[i]!, body: g, request }, call),
  );
  const events = statements.map((s) => granted(s, call));
  const { repeated } = await deps.grants.create(grants, request, events, act);
  const stored = repeated ? await findAll(deps, statements) : undefined;
  return { grants: (stored ?? statements.map(fresh)).map((g) => grantAnswer(g, call.now)) };
}

async function assertOnePerRight(statements: readonly Statement<'grant'>[]): Promise<void> {
  const payloads = statements.map((s) => s.payload);
  const [rights, ids] = [payloads.map((p) => p.right), payloads.map((p) => p.grant)];
  await checkEach('grants', payloads, (p, i) => mustBe('right', rights.indexOf(p.right) === i));
  await checkEach('grants', payloads, (p, i) => mustBe('grant', ids.indexOf(p.grant) === i));
  // The number of cells is limited, because one transaction stores all of them.
  mustBe('cells', payloads.reduce((n, p) => n + p.cells.length, 0) <= MOST_CELLS);
}

/** Finds the stored grants of these statements. If all are stored, the same call was made before. @returns undefined if one is not stored */
async function findAll(
  deps: Deps,
  statements: readonly Statement<'grant'>[],
): Promise<readonly StoredGrant[] | undefined> {
  const found = await Promise.all(statements.map((s) => deps.grants.find(s.payload.grant)));
  const same = found.filter((g, i): g is StoredGrant => g?.statement.hash === statements[i]!.hash);
  return same.length === statements.length ? same : undefined;
}

/** The state of a grant right after it was made. */
export const fresh = (statement: Statement<'grant'>): StoredGrant => {
  const { notBefore, expires, openings } = statement.payload;
  return {
    statement,
    // Stryker disable next-line StringLiteral: other code only compares a state with the other states
    status: { state: 'active', notBefore, expires, limit: openings, used: 0 },
    extended: { number: 0, hash: statement.hash },
    held: { number: 0 },
    pace: { second: 0, count: 0 },
  };
};
