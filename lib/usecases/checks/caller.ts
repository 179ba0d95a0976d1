// Caller checks: checks that the caller is registered, and that its grant is live.
import { AppError } from '../../api/errors.ts';
import type { GrantId, IdentityId } from '../../bytes/ids.ts';
import { livenessAt, type Liveness } from '../../domain/grant.ts';
import type { Instant } from '../../domain/time.ts';
import type { Call } from '../../ports/call.ts';
import type { Right } from '../../statements/fields.ts';
import type { Grants, Identities, StoredGrant, StoredIdentity } from '../../ports/index.ts';

/** The stored identity of the caller. @throws {AppError} `not-registered` */
export async function registered(identities: Pick<Identities, 'find'>, caller: IdentityId): Promise<StoredIdentity> {
  const found = await identities.find(caller);
  if (found === undefined) throw new AppError('not-registered');
  return found;
}

/** Awaits several promises at once. If several fail, it throws the error of the first in the list, whichever failed first. */
export async function sideBySide<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/**
 * Awaits the caller's statement and `work` at once. A caller that is not registered always gets `not-registered`, however the work ends, so that the
 * refusal never depends on which promise settles first.
 * @throws {AppError} `not-registered`; or the error of `work`
 */
export async function whileRegistered<T>(
  identities: Pick<Identities, 'find'>,
  caller: IdentityId,
  work: Promise<T>,
): Promise<readonly [StoredIdentity, T]> {
  return sideBySide([registered(identities, caller), work]);
}

/** Refuses access to an object of another identity, as if it did not exist. @throws {AppError} `not-registered`, else `not-found` */
export async function notFoundBy(identities: Pick<Identities, 'find'>, caller: IdentityId): Promise<never> {
  await registered(identities, caller);
  throw new AppError('not-found');
}

/** @throws {AppError} `grant-ended` with its reason, or `grant-not-begun` */
export function assertLive(liveness: Liveness, now: Instant): void {
  if (liveness.live) return;
  if (liveness.reason === 'not-begun') throw new AppError('grant-not-begun', { serverTime: now });
  throw new AppError('grant-ended', { reason: liveness.reason });
}

/**
 * Finds a live grant of the caller with a right that `allows` accepts. A grant of another recipient, or with another right, is `not-found`, as if it did
 * not exist.
 * @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export async function liveGrant(
  grants: Pick<Grants, 'find'>,
  id: GrantId,
  allows: (right: Right) => boolean,
  call: Call,
): Promise<StoredGrant> {
  const grant = await grants.find(id);
  if (grant?.statement.payload.recipient !== call.caller) throw new AppError('not-found');
  if (!allows(grant.statement.payload.right)) throw new AppError('not-found');
  assertLive(livenessAt(grant.status, call.now), call.now);
  return grant;
}
