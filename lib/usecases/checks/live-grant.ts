// Live grant check: checks that the grant of a call was given to the caller, has the right that the call needs, and is live at the call's time.
import { AppError } from '../../api/errors.ts';
import type { GrantId } from '../../bytes/ids.ts';
import { livenessAt, type Liveness } from '../../domain/grant.ts';
import type { Instant } from '../../domain/time.ts';
import type { Call } from '../../ports/call.ts';
import type { Right } from '../../statements/fields.ts';
import type { Grants, StoredGrant } from '../../ports/index.ts';

/** Refuses a grant that is not live. @throws {AppError} `grant-ended` with its reason, or `grant-not-begun` */
export function assertLive(liveness: Liveness, now: Instant): void {
  if (liveness.live) return;
  if (liveness.reason === 'not-begun') throw new AppError('grant-not-begun', { serverTime: now });
  throw new AppError('grant-ended', { reason: liveness.reason });
}

/**
 * Finds a live grant of the caller with a right that `allows` accepts. If the grant has another recipient or another right, the error is `not-found`, as if
 * the grant did not exist.
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
