// Use case get-identity: returns the statement of an identity by its id. No route lists or searches identities.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Identities } from '../ports/index.ts';
import { identityAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
}

export async function getIdentity(
  { identities }: Deps,
  { caller }: Call,
  { params }: Input<'get-identity'>,
): Promise<Answer<'get-identity'>> {
  const [found] = await Promise.all([identities.find(params.id), findRegistered(identities, caller)]);
  if (found === undefined) throw new AppError('not-found');
  return identityAnswer(found);
}
