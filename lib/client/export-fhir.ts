// Exports the patient's verified grants, requests and audit trail as a FHIR R4 Bundle.
import type { GrantId } from '../bytes/ids.ts';
import { fhirBundle, type FhirExport } from '../fhir/bundle.ts';
import type { StatementHash } from '../statements/kinds.ts';
import { statementHash } from '../statements/verify.ts';
import { readTrail, type AuditOptions } from './audit/read-trail.ts';
import type { Context } from './session/context.ts';
import { check } from './session/errors.ts';
import { fetchGrant, listGrants } from './access/fetch-grants.ts';
import type { Grant } from './access/verify-grant.ts';
import { listRequests } from './access/requests.ts';
import { grantHistory } from './audit/grant-history.ts';
import { withStatesOfTrail, assertGrantsMatchTrail, assertStates } from './audit/check-lists-against-trail.ts';
import type { TrailEntry } from './session/trail.ts';
import type { CallOptions } from './session/transport.ts';

/** Fetches a grant with all its folders, those of extensions included. Each extension in the trail must be present. */
const whole = async (
  ctx: Context,
  id: GrantId,
  extensions: readonly StatementHash[],
  options: CallOptions,
): Promise<Grant> => {
  const { cells, ...grant } = await fetchGrant(ctx, id, ctx.keys.id, options);
  const by = [...new Set(cells.map((c) => c.by))].map(statementHash);
  const named = new Set([...by, ...cells.map((c) => c.statement.hash)]);
  check(
    'extension',
    extensions.every((hash) => named.has(hash)),
  );
  return { ...grant, folders: [...new Set(cells.map((c) => c.folder))] };
};

/** Lists all grants: those of the service's list, which may lag, and those that only the trail names. */
const allGrants = async (
  ctx: Context,
  trail: readonly TrailEntry[],
  options: CallOptions,
): Promise<readonly Grant[]> => {
  const grants = new Map((await listGrants(ctx, 'patient', undefined, options)).map((g) => [g.id, g]));
  const extended = grantHistory(trail).extensions;
  for (const id of new Set([...grants.keys(), ...trail.flatMap((e) => e.subject.grant ?? [])])) {
    const listed = grants.get(id);
    const extensions = extended.get(id) ?? [];
    if (listed === undefined || listed.extensions > 0 || extensions.length > 0)
      grants.set(id, await whole(ctx, id, extensions, options));
  }
  assertGrantsMatchTrail(trail, grants);
  return [...grants.values()];
};

/**
 * Exports the Bundle. The trail is read before the grants and requests and again after them: states that changed meanwhile must lie between the two.
 *
 * @throws {TrailError}; {ClientError} `unverified` (`grant`, `extension`, `request`) if one disagrees with the trail
 */
export const exportFhir = async (ctx: Context, origin: string, options: AuditOptions = {}): Promise<FhirExport> => {
  const { signal } = options;
  const trail = await readTrail(ctx, options);
  const listed = await listRequests(ctx, 'patient', undefined, { signal });
  const grants = await allGrants(ctx, trail, { signal });
  const around = { before: trail, after: await readTrail(ctx, { signal }) };
  assertStates(grants, around);
  const requests = withStatesOfTrail(listed, around);
  return fhirBundle(new URL(origin).origin, { grants, requests, trail, at: ctx.now() });
};
