// Cross-checks grants and requests, as the service lists them, against the audit trail and the signed statements.
import type { GrantId, RequestId } from '../../bytes/ids.ts';
import type { EventKind } from '../../domain/audit-chain.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import type { Scope } from '../../statements/kinds.ts';
import { grantHistory, type GrantHistory } from './grant-history.ts';
import { readTrail, type AuditOptions } from './read-trail.ts';
import type { Context } from '../session/context.ts';
import { check } from '../session/errors.ts';
import { fetchGrant, listGrants } from '../access/fetch-grants.ts';
import type { Grant } from '../access/verify-grant.ts';
import type { AccessRequest, RequestState } from '../access/requests.ts';
import type { TrailEntry } from '../session/trail.ts';

type Entries = readonly TrailEntry[];

const isSame = (listed: readonly string[] = [], signed: readonly string[] = []): boolean =>
  listed.length === signed.length && signed.every((id, i) => listed[i] === id);

/** Whether the event of a new grant agrees with the grant that the patient signed. */
const agreesWith = (
  { subject: s, statement, actor }: TrailEntry,
  { statement: { hash, payload: p } }: Grant,
): boolean =>
  hash === statement &&
  actor === p.patient &&
  s.purpose === p.purpose &&
  s.right === p.right &&
  s.request === p.request?.id &&
  isSame(s.folders, [...new Set(p.cells.map((c) => c.folder))]);

/** Checks the opener: the recipient of a grant that opens records, or the patient itself. */
const assertOpener = ({ actor, patient, subject }: TrailEntry, grants: ReadonlyMap<GrantId, Grant>): void => {
  const grant = subject.grant === undefined ? undefined : grants.get(subject.grant);
  if (subject.grant === undefined) check('grant', actor === patient);
  else check('grant', grant?.recipient === actor && RIGHT_FACTS[grant.right].opensRecords);
};

/** @throws {ClientError} `unverified` (`grant`) */
export const assertGrantsMatchTrail = (trail: Entries, grants: ReadonlyMap<GrantId, Grant>): void => {
  const made = new Set<GrantId | undefined>();
  for (const entry of trail) {
    if (entry.kind === 'records-opened') assertOpener(entry, grants);
    if (entry.kind !== 'access-granted') continue;
    check('grant', !made.has(entry.subject.grant));
    made.add(entry.subject.grant);
    const grant = entry.subject.grant === undefined ? undefined : grants.get(entry.subject.grant);
    check('grant', grant !== undefined && agreesWith(entry, grant));
  }
};

/**
 * Reads the trail and checks its grants against the signed grants, because the purpose of an opening comes from its grant and not from its event.
 * @throws {TrailError}; {ClientError} `unverified` (`grant`)
 */
export const readWithPurposes = async (ctx: Context, options: AuditOptions = {}): Promise<Entries> => {
  const trail = await readTrail(ctx, options);
  const of = (kind: EventKind) => new Set(trail.flatMap((e) => (e.kind === kind ? (e.subject.grant ?? []) : [])));
  const made = of('access-granted');
  const opened = [...of('records-opened')];
  for (const e of trail)
    if (e.kind === 'records-opened' && e.subject.grant === undefined) check('grant', e.actor === e.patient);
  if (opened.length === 0) return trail;
  check(
    'grant',
    opened.every((id) => made.has(id)),
  );
  const grants = new Map((await listGrants(ctx, 'patient', undefined, options)).map((g) => [g.id, g]));
  for (const id of made) if (!grants.has(id)) grants.set(id, await fetchGrant(ctx, id, ctx.keys.id, options));
  assertGrantsMatchTrail(trail, grants);
  return trail;
};

/** The trail as it was before and after a list was read. A listed state must agree with the trail at some time between the two readings. */
export interface TrailBeforeAndAfter {
  readonly before: Entries;
  readonly after: Entries;
}

/** Checks that the states of grants agree with the trail. @throws {ClientError} `unverified` (`grant`) */
export const assertStates = (grants: readonly Grant[], { before, after }: TrailBeforeAndAfter): void => {
  const [past, now] = [grantHistory(before), grantHistory(after)];
  for (const {
    id,
    state,
    holds,
    statement: {
      payload: { openings = Infinity },
    },
  } of grants) {
    const usedUp = (history: GrantHistory): boolean => (history.opened.get(id) ?? 0) >= openings;
    check('grant', state !== 'exhausted' || usedUp(now));
    check('grant', (state !== 'active' && state !== 'paused' && state !== 'not-begun') || !usedUp(past));
    check('grant', state === 'revoked' ? now.ended.has(id) : !past.ended.has(id));
    check('grant', holds >= (past.holds.get(id) ?? 0) && holds <= (now.holds.get(id) ?? 0));
    const others: readonly Grant['state'][] = holds % 2 === 1 ? ['active', 'not-begun'] : ['paused'];
    check('grant', !others.includes(state));
  }
};

const ANSWERS: Partial<Record<EventKind, RequestState>> = {
  'request-denied': 'denied',
  'request-withdrawn': 'withdrawn',
  'access-granted': 'approved',
};

const answersIn = (trail: Entries): ReadonlyMap<RequestId, RequestState> =>
  new Map(
    trail.flatMap(({ kind, subject: { request } }) => {
      const state = ANSWERS[kind];
      return state === undefined || request === undefined ? [] : [[request, state] as const];
    }),
  );

const namedIn = (scope: Scope): readonly string[] => ('folders' in scope ? scope.folders : []);

/**
 * Returns the requests with their states from the trail, because the list may lag. An answer that the trail does not have is refused.
 * @throws {ClientError} `unverified` (`request`)
 */
export const withStatesOfTrail = (
  requests: readonly AccessRequest[],
  { before, after }: TrailBeforeAndAfter,
): readonly AccessRequest[] => {
  const [past, now] = [answersIn(before), answersIn(after)];
  const made = new Map(before.flatMap((e) => (e.kind === 'access-requested' ? [[e.subject.request, e] as const] : [])));
  return requests.map((r) => {
    const event = made.get(r.id);
    check(
      'request',
      event === undefined ||
        (event.statement === r.statement.hash && event.actor === r.recipient && event.subject.purpose === r.purpose),
    );
    check('request', event === undefined || isSame(event.subject.folders, namedIn(r.scope)));
    const open = r.state === 'pending' || r.state === 'expired';
    const state = past.get(r.id) ?? (open ? r.state : now.get(r.id));
    check('request', state !== undefined);
    return { ...r, state };
  });
};
