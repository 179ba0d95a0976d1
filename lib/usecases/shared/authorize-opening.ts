// Authorizes an opening: verifies its statement, applies the terms of the grant, and counts the opening. This half of a recapsulation does not use Umbral; the
// other half, reencrypt.ts, does.
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

/** A record version that the opener may read, with its wrap for the cell. */
export interface ReadableVersion {
  readonly version: StoredVersion;
  readonly metadata: string;
  readonly wrap: StoredWrap;
}

export interface AllowedOpening {
  readonly opening: Statement<'opening'>;
  readonly view: OpeningView;
  /** The record versions, in the order of the opening. */
  readonly records: readonly ReadableVersion[];
}

/**
 * Checks the opening that the caller signed, and returns it with the record versions that the opener may read. The function does not count the opening yet.
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

/** Counts the opening and writes its event. It does not count a repeated opening again. @throws {AppError} `grant-ended` */
export async function countOpening(
  openings: Pick<Openings, 'record'>,
  { opening, view }: AllowedOpening,
  call: Call,
): Promise<void> {
  if (view.claim === undefined) await openings.record(opening, view, opened(opening, call), call);
}

/**
 * Checks that the cell belongs to the patient, that the caller is the recipient of the grant, that the grant is live, and that enough openings are left for all
 * records. A repeated opening was counted before, so it is not refused because of the count.
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

/** Whether exactly this opening was counted a short while ago. @throws {AppError} `already-exists` */
function wasCounted(opening: Statement<'opening'>, { claim }: OpeningView, { now }: Call): boolean {
  if (claim === undefined) return false;
  if (claim.statement !== opening.hash || now - claim.at > REPEAT_WINDOW) throw new AppError('already-exists');
  return true;
}

/** Collects all record versions of the opening. @throws {AppError} `not-found` with the ids of the records that are missing */
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
