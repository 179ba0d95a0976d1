// Caller checks: checks that the caller is registered.
import { awaitAllInOrder } from '../shared/await-all-in-order.ts';
import { AppError } from '../../api/errors.ts';
import type { IdentityId } from '../../bytes/ids.ts';
import type { Identities, StoredIdentity } from '../../ports/index.ts';

/** Finds the stored identity of the caller. @throws {AppError} `not-registered` */
export async function findRegistered(
  identities: Pick<Identities, 'find'>,
  caller: IdentityId,
): Promise<StoredIdentity> {
  const found = await identities.find(caller);
  if (found === undefined) throw new AppError('not-registered');
  return found;
}

/**
 * Awaits the caller's stored identity and `work` at once. A caller that is not registered always gets `not-registered`, even if `work` also fails, so that the
 * refusal never depends on which promise settles first.
 * @throws {AppError} `not-registered`; or the error of `work`
 */
export async function whileRegistered<T>(
  identities: Pick<Identities, 'find'>,
  caller: IdentityId,
  work: Promise<T>,
): Promise<readonly [StoredIdentity, T]> {
  return awaitAllInOrder([findRegistered(identities, caller), work]);
}

/** Refuses access to an object of another identity, as if the object did not exist. @throws {AppError} `not-registered`, else `not-found` */
export async function refuseAsNotFound(identities: Pick<Identities, 'find'>, caller: IdentityId): Promise<never> {
  await findRegistered(identities, caller);
  throw new AppError('not-found');
}
