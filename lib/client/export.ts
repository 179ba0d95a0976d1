// What the patient takes along in a format that others read: its grants and requests and its trail, each verified, as FHIR R4.
import { fhirBundle, type FhirExport } from '../fhir/bundle.ts';
import { readTrail, type AuditOptions } from './audit.ts';
import type { Context } from './context.ts';
import { check } from './errors.ts';
import { fetchGrant, listGrants, type Grant } from './grants.ts';
import { listRequests, type AccessRequest } from './requests.ts';
import type { TrailEntry } from './trail.ts';
import type { CallOptions } from './transport.ts';

/** Its folders, those included that extensions added. */
const withFolders = async (ctx: Context, grant: Grant, options: CallOptions): Promise<Grant> => {
  if (grant.extensions === 0) return grant;
  const { cells, ...whole } = await fetchGrant(ctx, grant.id, ctx.keys.id, options);
  return { ...whole, folders: [...new Set(cells.map((c) => c.folder))] };
};

/** Nothing that the verified trail knows of is left out of the lists, or shown as still given or asked when the trail has its end. */
const assertInLists = (
  trail: readonly TrailEntry[],
  grants: readonly Grant[],
  requests: readonly AccessRequest[],
): void => {
  const granted = new Map(grants.map((g) => [g.id, g]));
  const asked = new Map(requests.map((r) => [r.id, r]));
  for (const { kind, subject, statement } of trail) {
    const grant = subject.grant === undefined ? undefined : granted.get(subject.grant);
    const request = subject.request === undefined ? undefined : asked.get(subject.request);
    if (kind === 'access-granted') check('grant', grant?.statement.hash === statement);
    if (kind === 'grant-revoked') check('grant', grant?.state === 'revoked');
    if (kind === 'access-requested') check('request', request?.statement.hash === statement);
    if (kind === 'request-denied') check('request', request?.state === 'denied');
  }
};

/**
 * The verified trail first, and then the lists, which so can only have more.
 *
 * @throws {TrailError}; {ClientError} `unverified` (`grant`, `request`) when the lists lack, or contradict, what is in the trail
 */
export const exportFhir = async (ctx: Context, origin: string, options: AuditOptions = {}): Promise<FhirExport> => {
  const trail = await readTrail(ctx, options);
  const requests = await listRequests(ctx, 'patient', undefined, options);
  const listed = await listGrants(ctx, 'patient', undefined, options);
  assertInLists(trail, listed, requests);
  const grants: Grant[] = [];
  for (const grant of listed) grants.push(await withFolders(ctx, grant, options));
  return fhirBundle(new URL(origin).origin, { grants, requests, trail, at: ctx.now() });
};
