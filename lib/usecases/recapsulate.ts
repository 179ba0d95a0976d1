// Use case recapsulate: opens 1 to 100 records of one cell. It re-encrypts their capsules for the recipient, counts and logs the opening, and then answers,
// for all records or none. The service never has a key that opens a capsule. A patient who opens its own records gets the wraps unchanged.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { concat } from '../bytes/binary.ts';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import { leavesRoomFor, livenessAt } from '../domain/grant.ts';
import { namesEachOnce, nextPace, openingClockFault, REPEAT_WINDOW } from '../domain/opening.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { fragmentHash, type Delegated } from '../statements/service-statements.ts';
import { verifyStatement } from '../statements/verify.ts';
import {
  decodeCapsules,
  encodeCFrag,
  kfragId,
  reencrypt,
  StoredKFrags,
  type VerifiedKeyFrag,
} from '../umbral/proxy.ts';
import type { Call } from '../ports/call.ts';
import { assertLive } from './checks/caller.ts';
import type { Blobs, ServiceSigner, OpeningView, Openings, StoredVersion, StoredWrap } from '../ports/index.ts';
import { mustBe, mustBeInTime } from './checks/statement-members.ts';

interface Deps {
  readonly openings: Openings;
  readonly blobs: Pick<Blobs, 'download'>;
  readonly serviceSigner: Pick<ServiceSigner, 'answer'>;
}

type Wrap = Answer<'recapsulate'>['records'][number]['wrap'];

interface Readable {
  readonly version: StoredVersion;
  readonly metadata: string;
  readonly wrap: StoredWrap;
}

export async function recapsulate(
  deps: Deps,
  call: Call,
  { params, body }: Input<'recapsulate'>,
): Promise<Answer<'recapsulate'>> {
  const opening = await verifyStatement('opening', body.statement, call.caller);
  const { payload } = opening;
  mustBe('opening', payload.opening === params.openingId);
  mustBeInTime('when', openingClockFault(payload.when, call.now), call.now);
  mustBe('records', namesEachOnce(payload));

  const view = await deps.openings.read(opening);
  if (view.caller === undefined) throw new AppError('not-registered');
  assertAllowed(opening, view, call);
  const records = readable(payload, view);

  const delegation = delegatedBy(view);
  const cfrags = delegation === undefined ? undefined : cfragsOf(records, delegation.kfrag);
  const answers = await Promise.all(records.map((r, i) => openedRecord(deps, r, cfrags?.[i], call)));
  const signed =
    delegation === undefined ? {} : { signed: await signedAnswer(deps, opening, { answers, delegation }, call) };
  if (view.claim === undefined) await deps.openings.record(opening, view, opened(opening, call), call);
  return { records: answers, ...signed };
}

/** Remembers checked key fragments, for recipients that open records in several requests. */
const stored = new StoredKFrags();

interface Delegation {
  readonly kfrag: VerifiedKeyFrag;
  readonly signed: Delegated;
}

/** The delegation by which the capsules are re-encrypted; undefined if the patient opens its own records. */
function delegatedBy({ grant, cell, kfrag: read }: OpeningView): Delegation | undefined {
  if (grant === undefined) return undefined;
  const { verifying, receiving } = grant;
  // assertAllowed has checked that an opening by a grant has a key fragment and a cell.
  const kfrag = stored.trust(fromBase64url(read!));
  const { key: delegating } = cell!.statement.payload;
  return { kfrag, signed: { verifying, delegating, receiving, kfrag: toBase64url(kfragId(kfrag)) } };
}

/** Signs what the opening is answered with, so that a recipient of a wrong capsule fragment can prove that the service made it. */
const signedAnswer = (
  { serviceSigner }: Deps,
  { hash }: Statement<'opening'>,
  { answers, delegation }: { readonly answers: readonly { readonly wrap: Wrap }[]; readonly delegation: Delegation },
  { now }: Call,
) =>
  serviceSigner.answer({
    opening: hash,
    fragments: answers.map(({ wrap: { capsule, cfrags } }) =>
      fragmentHash(fromBase64url(capsule), concat(...cfrags!.map((f) => fromBase64url(f)))),
    ),
    delegation: delegation.signed,
    when: now,
  });

/**
 * Checks that the cell belongs to the patient, and that the grant belongs to the caller, is live and allows all of these records. A repetition of a
 * counted opening is allowed even if that opening used up the grant.
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
    if (view.kfrag === undefined) throw new AppError('not-found');
    if (!counted && nextPace(view.grant.pace, call.now) === undefined)
      throw new AppError('too-many', { retryAfter: 1 });
    if (!leavesRoomFor(status, records.length)) throw new AppError('grant-ended', { reason: 'exhausted' });
  }
  if (view.cell?.statement.payload.patient !== patient) throw new AppError('not-found');
}

/** Whether this opening was counted a short while ago. @throws {AppError} `already-exists` if its id is used by another opening, or by an older one */
function wasCounted(opening: Statement<'opening'>, { claim }: OpeningView, { now }: Call): boolean {
  if (claim === undefined) return false;
  if (claim.statement !== opening.hash || now - claim.at > REPEAT_WINDOW) throw new AppError('already-exists');
  return true;
}

/** Returns all of the records. @throws {AppError} `not-found` with the ids of those that are missing */
function readable({ patient, records }: Payload<'opening'>, view: OpeningView): readonly Readable[] {
  const found: Readable[] = [];
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

async function openedRecord(
  { blobs }: Deps,
  { version, metadata, wrap }: Readable,
  cfrag: string | undefined,
  { now }: Call,
) {
  const { record, version: number } = version.statement.payload;
  return {
    record,
    version: number,
    statement: version.statement.jws,
    metadata,
    ...(version.grant === undefined ? {} : { grant: version.grant }),
    wrap: {
      capsule: wrap.capsule,
      wrappedKey: wrap.wrappedKey,
      ...(cfrag === undefined ? {} : { cfrags: [cfrag] }),
    },
    download: await blobs.download(version.blob, now),
  };
}

const cfragsOf = (records: readonly Readable[], kfrag: VerifiedKeyFrag): readonly string[] =>
  decodeCapsules(records.map(({ wrap }) => fromBase64url(wrap.capsule))).map((capsule) =>
    toBase64url(encodeCFrag(reencrypt(capsule, kfrag))),
  );

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
