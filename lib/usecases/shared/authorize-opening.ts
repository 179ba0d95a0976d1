// Authorizes an opening: verifies its statement, applies the terms of the grant, and counts it. This half of a recapsulation knows no scheme; the other half
// is reencrypt.ts.
import { AppError } from '../../api/errors.ts';
import type { Input } from '../../api/routes.ts';
import type { EventDraft } from '../../domain/audit-chain.ts';
import { leavesRoomFor, livenessAt } from '../../domain/grant.ts';
import { namesEachOnce, nextPace, openingClockFault, REPEAT_WINDOW } from '../../domain/opening.ts';
import type { Call } from '../../ports/call.ts';
import type { Openings, OpeningView, StoredVersion, StoredWrap } from '../../ports/index.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { verifyStatement } from '../../statements/verify.ts';
import { assertLive } from '../checks/live-grant.ts';
import { mustBe, mustBeInTime } from '../checks/statement-members.ts';

/** A record version that the opening may have, with its wrap for the cell. */
export interface ReadableVersion {
  readonly version: StoredVersion;
  readonly metadata: string;
  readonly wrap: StoredWrap;
}

export interface AllowedOpening {
  readonly opening: Statement<'opening'>;
  readonly view: OpeningView;
  /** In the order of the opening. */
  readonly records: readonly ReadableVersion[];
}

/**
 * The opening that the caller signed, with all that it may read. Nothing is counted yet.
 * @throws {AppError} `statement-invalid`, `not-registered`, `not-found`, `grant-ended`, `grant-not-begun`, `too-many`, `already-exists`
 */
export async function allowOpening(
  openings: Pick<Openings, 'read'>,
  call: Call,
  { params, body }: Input<'recapsulate'>,
): Promise<AllowedOpening> {
  const opening = await verifyStatement('opening', body.statement, call.caller);
  const { payload } = opening;
  mustBe('opening', payload.opening === params.openingId);
  mustBeInTime('when', openingClockFault(payload.when, call.now), call.now);
  mustBe('records', namesEachOnce(payload));

  const view = await openings.read(opening);
  if (view.caller === undefined) throw new AppError('not-registered');
  assertAllowed(opening, view, call);
  return { opening, view, records: readable(payload, view) };
}

/** Counts and logs the opening, once: a repeated opening is not counted again. @throws {AppError} `grant-ended` */
export async function countOpening(
  openings: Pick<Openings, 'record'>,
  { opening, view }: AllowedOpening,
  call: Call,
): Promise<void> {
  if (view.claim === undefined) await openings.record(opening, view, opened(opening, call), call);
}

/**
 * The cell is the patient's, the grant is the caller's, it is live, and its count has room for all records. A repeated opening was counted before, so the
 * count does not refuse it.
 */
function assertAllowed(opening: Statement<'opening'>, view: OpeningView, call: Call): void {
  const { patient, grant, records } = opening.payload;
  const counted = wasCounted(opening, view, call);
  if (grant === undefined) {
    if (patient !== call.caller) throw new AppError('not-found');
  } else {
    if (view.grant?.recipient !== call.caller || view.grant.patient !== patient) throw new AppError('not-found');
    const status = counted ? { ...view.grant, limit: undefined } : view.grant;
    assertLive(livenessAt(status, call.now), call.now);
    if (view.keyFragment === undefined) throw new AppError('not-found');
    if (!counted && nextPace(view.grant.pace, call.now) === undefined)
      throw new AppError('too-many', { retryAfter: 1 });
    if (!leavesRoomFor(status, records.length)) throw new AppError('grant-ended', { reason: 'exhausted' });
  }
  if (view.cell?.statement.payload.patient !== patient) throw new AppError('not-found');
}

/** Whether this very opening was counted a short while ago. @throws {AppError} `already-exists` */
function wasCounted(opening: Statement<'opening'>, { claim }: OpeningView, { now }: Call): boolean {
  if (claim === undefined) return false;
  if (claim.statement !== opening.hash || now - claim.at > REPEAT_WINDOW) throw new AppError('already-exists');
  return true;
}

/** All records of the opening. @throws {AppError} `not-found` with the ids of those that are missing */
function readable({ patient, records }: Payload<'opening'>, view: OpeningView): readonly ReadableVersion[] {
  const found: ReadableVersion[] = [];
  const missing: string[] = [];
  records.forEach(({ record }, i) => {
    const [version, wrap] = [view.versions[i], view.wraps[i]];
    const { metadata } = version ?? {};
    if (version?.state !== 'committed' || metadata === undefined || wrap === undefined) missing.push(record);
    else if (version.statement.payload.patient !== patient) missing.push(record);
    else found.push({ version, metadata, wrap });
  });
  if (missing.length > 0) throw new AppError('not-found', { ids: missing });
  return found;
}

const opened = ({ payload: p, hash }: Statement<'opening'>, call: Call): EventDraft => ({
  kind: 'records-opened',
  patient: p.patient,
  actor: call.caller,
  subject: {
    opening: p.opening,
    ...(p.grant === undefined ? {} : { grant: p.grant }),
    folder: p.folder,
    epoch: p.epoch,
    records: p.records,
  },
  at: call.now,
  statement: hash,
});
