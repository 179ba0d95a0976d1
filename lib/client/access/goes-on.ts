// Decides whether a grant of the patient's chain has not ended, by the knowledge of this client alone.
import { grantHistory } from '../audit/grant-history.ts';
import type { GivenGrant } from '../chain/given-access.ts';
import type { Context } from '../session/context.ts';

/**
 * Returns a function that tells whether a grant of the chain has not ended. The function uses only the knowledge of this client: the patient's statements, the
 * memory, the clock and the verified trail. It does not ask the service: a service that reports a revoked grant as active would otherwise get key fragments of
 * the next epoch for that grant.
 */
export const goesOn = (ctx: Context): ((grant: GivenGrant) => boolean) => {
  const { ended, opened } = grantHistory(ctx.trail.entries());
  const now = ctx.clock.latest();
  return ({ revocation, isUnwanted, statement: { payload: p } }) =>
    revocation === undefined &&
    isUnwanted === undefined &&
    p.expires > now &&
    !ctx.memory.isRevoked(p.grant) &&
    !ended.has(p.grant) &&
    (opened.get(p.grant) ?? 0) < (p.openings ?? Infinity);
};
