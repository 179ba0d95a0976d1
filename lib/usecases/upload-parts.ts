// Use case upload-parts: returns presigned URLs for parts of a blob. The service signs the length and digest of each part, and never sees the bytes of a part.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { UPLOAD_LIFE } from '../domain/record.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Blobs, Identities, Uploads } from '../ports/index.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly uploads: Pick<Uploads, 'find'>;
  readonly blobs: Pick<Blobs, 'targets'>;
}

export async function uploadParts(
  deps: Deps,
  call: Call,
  { params, body }: Input<'upload-parts'>,
): Promise<Answer<'upload-parts'>> {
  const [upload] = await Promise.all([
    deps.uploads.find(params.recordId, body.upload),
    findRegistered(deps.identities, call.caller),
  ]);
  if (upload?.author !== call.caller || upload.created <= call.now - UPLOAD_LIFE)
    throw new AppError('upload-not-found');

  const numbers = body.parts.map((p) => p.number);
  if (new Set(numbers).size !== numbers.length) throw new AppError('malformed-request', { member: 'parts' });
  if (upload.multipart === undefined && numbers.some((n) => n !== 1))
    throw new AppError('malformed-request', { member: 'parts' });

  const targets = await deps.blobs.targets(upload, body.parts, call.now);
  return { parts: targets.map((t) => ({ ...t, headers: { ...t.headers } })) };
}
