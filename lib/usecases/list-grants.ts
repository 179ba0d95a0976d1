// Grants given by the caller as patient, or received by the caller as recipient.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from './call.ts';
import { registered } from './caller.ts';
import type { Grants, Identities } from './ports.ts';
import { grantAnswer, next } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'list'>;
}

export async function listGrants(
  { identities, grants }: Deps,
  { caller, now }: Call,
  { query }: Input<'list-grants'>,
): Promise<Answer<'list-grants'>> {
  const [page] = await Promise.all([
    grants.list(query.as, caller, query.state, now, query),
    registered(identities, caller),
  ]);
  return { grants: page.items.map((g) => grantAnswer(g, now)), ...next(page) };
}
