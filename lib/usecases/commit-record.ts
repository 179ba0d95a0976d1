// The author makes an uploaded record version visible. The blob is checked by S3's own digest, the statement by the author's key.
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { concat } from '../bytes/binary.ts';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import type { EventDraft } from '../domain/audit.ts';
import { continues, createdInTime } from '../domain/record.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import { decodeCapsule } from '../umbral/capsule.ts';
import type { Call } from './call.ts';
import { registered } from './caller.ts';
import type {
  Blobs,
  Folders,
  Identities,
  Records,
  StoredCell,
  StoredRecord,
  StoredUpload,
  StoredVersion,
  Uploads,
} from './ports.ts';
import { mustBe, orRefuse } from './stated.ts';
import { versionAnswer } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find'>;
  readonly records: Pick<Records, 'find' | 'version' | 'commit'>;
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
  mustBe('grant', payload.grant === undefined);
  mustBe('metadata', payload.metadata === toBase64url(sha256(fromBase64url(body.metadata))));
  assertWrap(payload, body.wrap);

  const [cell, head, stored, upload] = await Promise.all([
    deps.folders.find(payload.folder),
    deps.records.find(payload.record),
    deps.records.version(payload.record, payload.version),
    deps.uploads.find(payload.record, body.upload),
    registered(deps.identities, call.caller),
  ]);
  if (stored?.statement.hash === statement.hash) return versionAnswer(stored);
  assertPlace(payload, cell, head, call);
  assertUpload(payload, upload);

  const blob = await deps.blobs.complete(upload, { length: payload.length, digest: payload.digest });
  const version: StoredVersion = { statement, state: 'committed', metadata: body.metadata, blob };
  await deps.records.commit(
    { statement, metadata: body.metadata, wrap: body.wrap, blob, upload },
    head,
    filed(statement, call),
    call,
  );
  return versionAnswer(version);
}

/** The first wrap is named by the statement, and its capsule must be one that can be re-encrypted. */
function assertWrap(p: Payload<'record'>, wrap: Input<'commit-record'>['body']['wrap']): void {
  const capsule = fromBase64url(wrap.capsule);
  mustBe('wrap', p.wrap === toBase64url(sha256(concat(capsule, fromBase64url(wrap.wrappedKey)))));
  orRefuse(new AppError('capsule-invalid'), () => decodeCapsule(capsule));
}

/** The cell is the patient's and current, and the version is the record's next. The transaction makes sure that it stays so. */
function assertPlace(
  p: Payload<'record'>,
  cell: StoredCell | undefined,
  head: StoredRecord | undefined,
  call: Call,
): void {
  if (p.patient !== call.caller || cell?.statement.payload.patient !== p.patient) throw new AppError('not-found');
  if (head !== undefined && (head.patient !== p.patient || head.folder !== p.folder)) throw new AppError('not-found');
  if (cell.statement.payload.epoch !== p.epoch) throw new AppError('cell-closed');
  if (!createdInTime(p.created, call.now)) throw new AppError('created-too-old');
  if (head?.state === 'deleted' || !continues(p, head)) throw new AppError('version-conflict');
}

function assertUpload(p: Payload<'record'>, upload: StoredUpload | undefined): asserts upload is StoredUpload {
  if (upload?.author !== p.author || upload.version !== p.version || upload.folder !== p.folder)
    throw new AppError('upload-not-found');
}

const filed = ({ payload: p, hash }: Statement<'record'>, call: Call): EventDraft => ({
  kind: 'record-filed',
  patient: p.patient,
  actor: p.author,
  subject: { folder: p.folder, epoch: p.epoch, records: [{ record: p.record, version: p.version }] },
  at: call.now,
  statement: hash,
});
