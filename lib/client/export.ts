// What the patient takes along in a format that others read: its grants and requests and its trail, each verified, as FHIR R4.
import type { GrantId, RequestId } from '../bytes/ids.ts';
import type { EventKind } from '../domain/audit.ts';
import { fhirBundle, type FhirExport } from '../fhir/bundle.ts';
import { readTrail, type AuditOptions } from './audit.ts';
import type { Context } from './context.ts';
import { check } from './errors.ts';
import { fetchGrant, listGrants, type Grant } from './grants.ts';
import { listRequests, type AccessRequest, type RequestState } from './requests.ts';
import type { TrailEntry } from './trail.ts';
import type { CallOptions } from './transport.ts';

/** With every folder it gives access to, those included that extensions added. */
const whole = async (ctx: Context, id: GrantId, options: CallOptions): Promise<Grant> => {
  const { cells, ...grant } = await fetchGrant(ctx, id, ctx.keys.id, options);
  return { ...grant, folders: [...new Set(cells.map((c) => c.folder))] };
};

/** Those of the list, which may lag, and every one that the trail has besides. */
const allGrants = async (
  ctx: Context,
  trail: readonly TrailEntry[],
  options: CallOptions,
): Promise<readonly Grant[]> => {
  const listed = await listGrants(ctx, 'patient', undefined, options);
  const grants = new Map<GrantId, Grant>();
  for (const g of listed) grants.set(g.id, g.extensions === 0 ? g : await whole(ctx, g.id, options));
  for (const { kind, subject, statement } of trail) {
    const id = subject.grant;
    if (id === undefined) continue;
    const grant = grants.get(id) ?? (await whole(ctx, id, options));
    grants.set(id, grant);
    if (kind === 'access-granted') check('grant', grant.statement.hash === statement);
    if (kind === 'grant-revoked' || kind === 'grant-returned') check('grant', grant.state === 'revoked');
  }
  return [...grants.values()];
};

const ANSWERS: Partial<Record<EventKind, RequestState>> = {
  'request-denied': 'denied',
  'request-withdrawn': 'withdrawn',
  'access-granted': 'approved',
};

/** In the state that the trail has for them: the list may lag. */
const allRequests = async (
  ctx: Context,
  trail: readonly TrailEntry[],
  options: CallOptions,
): Promise<readonly AccessRequest[]> => {
  const answered = new Map<RequestId, RequestState>();
  for (const { kind, subject } of trail) {
    const state = ANSWERS[kind];
    if (state !== undefined && subject.request !== undefined) answered.set(subject.request, state);
  }
  const listed = await listRequests(ctx, 'patient', undefined, options);
  return listed.map((r) => ({ ...r, state: answered.get(r.id) ?? r.state }));
};

/**
 * The trail is read first, so that what is read after it can only know more.
 *
 * @throws {TrailError}; {ClientError} `unverified` (`grant`) when a grant is not the one that the trail has, or goes on after its revocation
 */
export const exportFhir = async (ctx: Context, origin: string, options: AuditOptions = {}): Promise<FhirExport> => {
  const trail = await readTrail(ctx, options);
  const requests = await allRequests(ctx, trail, options);
  const grants = await allGrants(ctx, trail, options);
  return fhirBundle(new URL(origin).origin, { grants, requests, trail, at: ctx.now() });
};
