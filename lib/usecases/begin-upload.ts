// Use case begin-upload: an author begins the upload of a record version. It changes nothing that others see, so no event is written.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { versionFault } from '../domain/record.ts';
import type { Call } from '../ports/call.ts';
import { authority } from './checks/filing-right.ts';
import { findRegistered } from './checks/caller.ts';
import type {
  Blobs,
  Folders,
  Grants,
  Identities,
  Records,
  StoredRecord,
  StoredUpload,
  Uploads,
} from '../ports/index.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find'>;
  readonly records: Pick<Records, 'find'>;
  readonly grants: Pick<Grants, 'find'>;
  readonly uploads: Pick<Uploads, 'find' | 'begin'>;
  readonly blobs: Pick<Blobs, 'begin' | 'abort'>;
}

export async function beginUpload(
  deps: Deps,
  call: Call,
  { params, body }: Input<'begin-upload'>,
): Promise<Answer<'begin-upload'>> {
  const [cell, head, known] = await Promise.all([
    deps.folders.find(body.folder),
    deps.records.find(params.recordId),
    deps.uploads.find(params.recordId, body.upload),
    findRegistered(deps.identities, call.caller),
  ]);
  if (cell === undefined) throw new AppError('not-found');
  const { patient } = cell.statement.payload;
  await authority(deps.grants, { grant: body.grant, version: body.version, folder: cell }, call);
  if (cell.statement.payload.epoch !== body.epoch) throw new AppError('cell-closed');
  assertNext(head, patient, body);

  const upload: StoredUpload = {
    upload: body.upload,
    record: params.recordId,
    folder: body.folder,
    epoch: body.epoch,
    version: body.version,
    patient,
    author: call.caller,
    created: call.now,
    ...(body.multipart
      ? { multipart: known?.multipart ?? (await deps.blobs.begin(params.recordId, body.upload)) }
      : {}),
  };
  const { repeated, stored } = await deps.uploads.begin(upload, call);
  if (repeated && upload.multipart !== stored.multipart) await deps.blobs.abort(upload);
  return { upload: body.upload, multipart: body.multipart, state: 'open' };
}

/** Checks that the version is the record's next one. A record of another patient is `not-found`, as if it did not exist. */
function assertNext(head: StoredRecord | undefined, patient: string, body: Input<'begin-upload'>['body']): void {
  if (head !== undefined && head.patient !== patient) throw new AppError('not-found');
  const fault = versionFault(body.version, head);
  if (fault !== undefined) throw new AppError(fault);
  if (head !== undefined && head.folder !== body.folder) throw new AppError('not-found');
}
