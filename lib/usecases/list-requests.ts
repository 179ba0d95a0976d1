// Use case list-requests: lists the requests that the caller got as patient or made as recipient.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Identities, Requests } from '../ports/index.ts';
import { next, requestAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly requests: Pick<Requests, 'list'>;
}

export async function listRequests(
  { identities, requests }: Deps,
  { caller, now }: Call,
  { query }: Input<'list-requests'>,
): Promise<Answer<'list-requests'>> {
  const [page] = await Promise.all([
    requests.list(query.as, caller, query.state, now, query),
    findRegistered(identities, caller),
  ]);
  return { requests: page.items.map((r) => requestAnswer(r, now)), ...next(page) };
}
