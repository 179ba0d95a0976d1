// Use case commit-record: the author makes an uploaded record version visible. It checks the blob by the digest that S3 computed, and the
// statement by the author's key.
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { concat } from '../bytes/binary.ts';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import { covers } from '../domain/grant.ts';
import { continues, createdClockFault, versionFault } from '../domain/record.ts';
import type { ClockFault } from '../domain/time.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import { authority } from './checks/filing-right.ts';
import { assertCapsule, mustNameLabel } from './checks/wrap.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type {
  Blobs,
  Folders,
  Grants,
  Identities,
  ServiceSigner,
  Records,
  StoredCell,
  StoredRecord,
  StoredUpload,
  StoredVersion,
  Uploads,
} from '../ports/index.ts';
import { mustBe } from './checks/statement-members.ts';
import { versionAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find'>;
  readonly records: Pick<Records, 'find' | 'version' | 'commit'>;
  readonly grants: Pick<Grants, 'find'>;
  readonly serviceSigner: Pick<ServiceSigner, 'sign'>;
  readonly uploads: Pick<Uploads, 'find'>;
  readonly blobs: Pick<Blobs, 'complete'>;
}

export async function commitRecord(
  deps: Deps,
  call: Call,
  { params, body }: Input<'commit-record'>,
): Promise<Answer<'commit-record'>> {
  const statement = await verifyStatement('record', body.statement, call.caller);
  const { payload } = statement;
  mustBe('record', payload.record === params.recordId);
  mustBe('version', payload.version === params.version);
  mustBe('metadata', payload.metadata === toBase64url(sha256(fromBase64url(body.metadata))));
  assertWrap(payload, body.wrap);

  const [cell, head, stored, upload] = await Promise.all([
    deps.folders.find(payload.folder),
    deps.records.find(payload.record),
    deps.records.version(payload.record, payload.version),
    deps.uploads.find(payload.record, body.upload),
    findRegistered(deps.identities, call.caller),
  ]);
  if (stored?.statement.hash === statement.hash) return filedAnswer(deps, stored);
  if (cell === undefined) throw new AppError('not-found');
  const grant = await authority(
    deps.grants,
    { grant: payload.grant?.id, version: payload.version, folder: cell },
    call,
  );
  mustBe('grant', payload.grant?.hash === grant?.hash);
  assertFollowsInCell(payload, cell, head, call);
  // Readers refuse a list that contains a version whose grant does not cover `created`. The grant is live now, so the author's clock must be ahead.
  if (grant !== undefined && !covers(grant, payload)) throw misdated('ahead', call);
  assertUpload(payload, upload);

  const blob = await deps.blobs.complete(upload, { length: payload.length, digest: payload.digest });
  const version = { statement, metadata: body.metadata, wrap: body.wrap, blob, upload, ...(grant && { grant }) };
  await deps.records.commit(version, head, filed(statement, call), call);
  if (grant === undefined) return versionAnswer({ statement, state: 'committed', metadata: body.metadata });
  const now = await deps.records.version(payload.record, payload.version);
  if (now === undefined) throw new AppError('not-found');
  return filedAnswer(deps, now);
}

/** Makes the answer for a stored version, with a receipt if the author is not the patient. A repeated call gets a new signature of the same receipt. */
async function filedAnswer({ serviceSigner }: Deps, stored: StoredVersion): Promise<Answer<'commit-record'>> {
  const { payload: p, hash } = stored.statement;
  if (p.grant === undefined) return versionAnswer(stored);
  const receipt = await serviceSigner.sign('receipt', {
    patient: p.patient,
    author: p.author,
    grant: p.grant.id,
    record: p.record,
    version: p.version,
    statement: hash,
    event: stored.event,
    when: stored.filed,
  });
  return { ...versionAnswer(stored), receipt };
}

/** Checks that the statement contains the hashes of the wrap and of its label, and that the capsule of the wrap can be re-encrypted. */
function assertWrap(p: Payload<'record'>, wrap: Input<'commit-record'>['body']['wrap']): void {
  const parts = [wrap.capsule, wrap.companionCiphertext, wrap.wrappedKey, wrap.label].map((part) =>
    fromBase64url(part),
  );
  mustBe('wrap', p.wrap === toBase64url(sha256(concat(...parts))));
  mustNameLabel('label', p.label, wrap);
  assertCapsule(wrap);
}

/** Checks that the cell belongs to the patient and is current, and that the version is the record's next. The transaction checks this again. */
function assertFollowsInCell(p: Payload<'record'>, cell: StoredCell, head: StoredRecord | undefined, call: Call): void {
  if (cell.statement.payload.patient !== p.patient) throw new AppError('not-found');
  if (head !== undefined && (head.patient !== p.patient || head.folder !== p.folder)) throw new AppError('not-found');
  if (cell.statement.payload.epoch !== p.epoch) throw new AppError('cell-closed');
  const clock = createdClockFault(p.created, call.now);
  if (clock !== undefined) throw misdated(clock, call);
  const fault = versionFault(p.version, head) ?? (continues(p, head) ? undefined : 'version-conflict');
  if (fault !== undefined) throw new AppError(fault);
}

/** Makes the refusal of a wrong `created`. It contains the service's time, because the author's clock may be wrong. */
const misdated = (clock: ClockFault, { now }: Call): AppError =>
  new AppError('created-too-old', { clock, serverTime: now });

function assertUpload(p: Payload<'record'>, upload: StoredUpload | undefined): asserts upload is StoredUpload {
  if (upload?.author !== p.author || upload.version !== p.version || upload.folder !== p.folder)
    throw new AppError('upload-not-found');
}

const filed = ({ payload: p, hash }: Statement<'record'>, call: Call): EventDraft => ({
  kind: 'record-filed',
  patient: p.patient,
  actor: p.author,
  subject: {
    folder: p.folder,
    epoch: p.epoch,
    records: [{ record: p.record, version: p.version }],
    ...(p.grant === undefined ? {} : { grant: p.grant.id }),
  },
  at: call.now,
  statement: hash,
});
