// What the patient takes along in a format that others read: its grants and requests and its trail, each verified, as FHIR R4.
import type { GrantId } from '../../bytes/ids.ts';
import { fhirBundle, type FhirExport } from '../../fhir/bundle.ts';
import type { StatementHash } from '../../statements/kinds.ts';
import { statementHash } from '../../statements/verify.ts';
import { readTrail, type AuditOptions } from './read-trail.ts';
import type { Context } from '../session/context.ts';
import { check } from '../session/errors.ts';
import { fetchGrant, listGrants, type Grant } from '../access/grants.ts';
import { listRequests } from '../access/requests.ts';
import { grantHistory } from './grant-history.ts';
import { withStatesOfTrail, assertGrantsMatchTrail, assertStates } from './reconcile.ts';
import type { TrailEntry } from '../session/trail.ts';
import type { CallOptions } from '../session/transport.ts';

/** With every folder it gives access to, those included that extensions added. None is missing that the trail has. */
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

/** Those of the list, which may lag, and every one that the trail has besides. */
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
 * The trail is read first, so that what is read after it can only know more; and once more at the end, for what came in between.
 *
 * @throws {TrailError}; {ClientError} `unverified` (`grant`, `extension`, `request`) when one is not as the trail has it
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
