// Job sweep-uploads: removes uploads that were not committed in time, and their blobs. It first marks an upload as retired, so that no commit can use a blob
// that is being removed. It waits until no upload URL is valid any more; otherwise somebody could store the blob again after the sweep.
import { UPLOAD_LIFE, UPLOAD_URL_END } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';
import type { Blobs, Uploads } from '../ports/index.ts';

interface Deps {
  readonly uploads: Pick<Uploads, 'stale' | 'retire' | 'remove'>;
  readonly blobs: Pick<Blobs, 'discard'>;
}

/** Removes the uploads that were not committed in time. @returns how many it removed */
export async function sweepUploads({ uploads, blobs }: Deps, { now }: { readonly now: Instant }): Promise<number> {
  let swept = 0;
  for await (const upload of uploads.stale(now - UPLOAD_LIFE - UPLOAD_URL_END)) {
    if (!(await uploads.retire(upload))) continue;
    await blobs.discard(upload);
    await uploads.remove(upload);
    swept += 1;
  }
  return swept;
}
