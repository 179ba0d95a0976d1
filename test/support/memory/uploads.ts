// In-memory port of uploads. An upload is open first, and then committed or retired.
import { AppError } from '../../../lib/api/errors.ts';
import { DAY } from '../../../lib/domain/time.ts';
import type { StoredUpload, Uploads } from '../../../lib/ports/index.ts';
import { uploadName, type State, type UploadRow } from './state.ts';
import type { Steps } from './steps.ts';
import { effectOf, transact, type Refusal } from './transaction.ts';

/** How many days back the job sweep-uploads looks for uploads. */
const DAYS_BACK = 31;

const isSame = (a: StoredUpload, b: StoredUpload): boolean =>
  (['version', 'folder', 'epoch', 'patient', 'author'] as const).every((member) => a[member] === b[member]) &&
  (a.multipart === undefined) === (b.multipart === undefined);

const taken = (upload: StoredUpload, by: UploadRow | undefined): Refusal | undefined => {
  if (by === undefined) return undefined;
  return isSame(upload, by.upload) ? 'repeated' : new AppError('already-exists');
};

/** Returns the uploads that are not committed and began before `before`, but not on days that are more than DAYS_BACK days earlier. */
export const staleUploads = (state: State, before: number): readonly StoredUpload[] => {
  const first = (Math.floor(before / DAY) - DAYS_BACK) * DAY;
  return [...state.uploads.values()]
    .filter((row) => row.state !== 'committed' && row.upload.created >= first && row.upload.created < before)
    .map((row) => row.upload);
};

export const uploadSteps = (state: State): Steps<Omit<Uploads, 'stale'>> => {
  const find: Steps<Uploads>['find'] = (record, upload) => {
    const row = state.uploads.get(uploadName({ record, upload }));
    return row?.state === 'open' ? row.upload : undefined;
  };

  return {
    find,

    begin: (upload, call) => {
      const name = uploadName(upload);
      const written = transact(state, {
        ...effectOf(call),
        conditions: [taken(upload, state.uploads.get(name))],
        events: [],
        effect: () => state.uploads.set(name, { upload, state: 'open' }),
      });
      const stored = find(upload.record, upload.upload);
      if (stored === undefined) throw new AppError('already-exists');
      return { ...written, stored };
    },

    retire: (upload) => {
      const row = state.uploads.get(uploadName(upload));
      if (row === undefined || row.state === 'committed') return false;
      state.uploads.set(uploadName(upload), { ...row, state: 'retired' });
      return true;
    },

    remove: (upload) => void state.uploads.delete(uploadName(upload)),
  };
};
