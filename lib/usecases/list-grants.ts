// Use case list-grants: lists the grants that the caller gave as patient or received as recipient.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Grants, Identities, Page, StoredGrant } from '../ports/index.ts';
import { grantAnswer, next } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'list' | 'unsettled' | 'standing'>;
}

export async function listGrants(
  { identities, grants }: Deps,
  { caller, now }: Call,
  { query }: Input<'list-grants'>,
): Promise<Answer<'list-grants'>> {
  const [page] = await Promise.all([listed(grants, caller, query, now), findRegistered(identities, caller)]);
  return { grants: page.items.map((g) => grantAnswer(g, now)), ...next(page) };
}

/** Lists grants. Only the patient can list unsettled and standing grants, because only the patient's client closes cells and carries grants over. */
async function listed(
  grants: Deps['grants'],
  caller: Call['caller'],
  { as, state, ...page }: Input<'list-grants'>['query'],
  now: Call['now'],
): Promise<Page<StoredGrant>> {
  if (state !== 'unsettled' && state !== 'standing') return grants.list(as, caller, state, now, page);
  if (as !== 'patient') throw new AppError('malformed-request', { member: 'as' });
  return grants[state](caller, now, page);
}
