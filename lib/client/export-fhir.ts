// Exports the patient's verified grants, requests and audit trail as a FHIR R4 Bundle.
import { fhirBundle, type FhirExport } from '../fhir/bundle.ts';
import { readTrail, type AuditOptions } from './audit/read-trail.ts';
import type { Context } from './session/context.ts';
import { everyFolderOf, listGivenGrants } from './access/given-grants.ts';
import type { Grant } from './access/verify-grant.ts';
import { listReceivedRequests } from './access/requests.ts';
import { assertStates, withWithdrawals } from './audit/check-lists-against-trail.ts';
import type { CallOptions } from './session/transport.ts';

/** Lists all grants. Each has all its folders, also those that extensions added. */
const wholeGrants = async (ctx: Context, options: CallOptions): Promise<readonly Grant[]> => {
  const grants = await listGivenGrants(ctx, undefined, options);
  const { grants: given } = await ctx.chain.state(options);
  return grants.map((g) => ({ ...g, folders: everyFolderOf(given.get(g.id)!) }));
};

/**
 * Exports the Bundle. The trail is read before and after the grants and requests. Each of their states must agree with the trail at some time between these
 * two readings.
 * @throws {TrailError}; {ClientError} `unverified` (`grant`, `request`) if a grant or request disagrees with the trail or with the chain of statements
 */
export const exportFhir = async (ctx: Context, origin: string, options: AuditOptions = {}): Promise<FhirExport> => {
  const { signal } = options;
  const trail = await readTrail(ctx, options);
  const listed = await listReceivedRequests(ctx, undefined, { signal });
  const grants = await wholeGrants(ctx, { signal });
  const around = { before: trail, after: await readTrail(ctx, { signal }) };
  assertStates(grants, around);
  const requests = withWithdrawals(listed, around);
  return fhirBundle(new URL(origin).origin, { grants, requests, trail, at: ctx.now() });
};
