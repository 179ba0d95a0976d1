// Who is calling, and what a recipient's grant lets it see.
import { AppError } from '../../api/errors.ts';
import type { GrantId, IdentityId } from '../../bytes/ids.ts';
import { livenessAt, type Liveness } from '../../domain/grant.ts';
import type { Instant } from '../../domain/time.ts';
import type { Call } from '../../ports/call.ts';
import type { Right } from '../../statements/fields.ts';
import type { Grants, Identities, StoredGrant, StoredIdentity } from '../../ports/index.ts';

/** @throws {AppError} `not-registered` */
export async function registered(identities: Pick<Identities, 'find'>, caller: IdentityId): Promise<StoredIdentity> {
  const found = await identities.find(caller);
  if (found === undefined) throw new AppError('not-registered');
  return found;
}

/** Done side by side. Where several refuse, the first in the list is told, not whichever came first. */
export async function sideBySide<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/**
 * The caller's statement and what the work came to, done side by side. Whoever is not registered is told that, however the work ends: which
 * refusal is given never hangs on which answer came first.
 * @throws {AppError} `not-registered`; whatever the work throws
 */
export async function whileRegistered<T>(
  identities: Pick<Identities, 'find'>,
  caller: IdentityId,
  work: Promise<T>,
): Promise<readonly [StoredIdentity, T]> {
  return sideBySide([registered(identities, caller), work]);
}

/** Refuses what is not the caller's. @throws {AppError} `not-registered`, else `not-found` */
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
 * The caller's own live grant with this right. Somebody else's, or one with another right, is the same to it as none.
 * @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export async function liveGrant(
  grants: Pick<Grants, 'find'>,
  id: GrantId,
  right: Right,
  call: Call,
): Promise<StoredGrant> {
  const grant = await grants.find(id);
  if (grant?.statement.payload.recipient !== call.caller) throw new AppError('not-found');
  if (grant.statement.payload.right !== right) throw new AppError('not-found');
  assertLive(livenessAt(grant.status, call.now), call.now);
  return grant;
}
