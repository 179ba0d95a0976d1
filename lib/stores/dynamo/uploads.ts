// Store of uploads in DynamoDB: lists open uploads for the sweeper by the day on which they began, spread over shards. Committed uploads are on no list.
import { AppError } from '../../api/errors.ts';
import type { FolderId, IdentityId, RecordId, UploadId } from '../../bytes/ids.ts';
import type { StoredUpload, Uploads } from '../../ports/index.ts';
import { deleteItem, getItem, moveItem, query, after, type StoreContext } from './database.ts';
import { count, optionalText, text, type Fields, type Item } from './item.ts';
import { isAbsent, type Refusal } from './conditional-writes.ts';
import { dayOf, LOWEST, msText, SHARDS, uploadIndex, uploadKey, uploadsPk, type Key } from './table.ts';
import { effectOf, type Writer } from './transactional-writer.ts';

/** The states of an upload. An open upload is committed by its author or retired by the sweeper; neither can be undone. */
export const OPEN = 'open';
export const COMMITTED = 'committed';
const RETIRED = 'retired';

/** How many days back the sweeper looks. It misses an upload only if it has not run for a month. */
const DAYS_BACK = 31;
const PAGE = 100;

const uploadItem = (u: StoredUpload): Fields & Key => ({
  ...uploadKey(u.record, u.upload),
  ...uploadIndex(u),
  upload: u.upload,
  record: u.record,
  version: u.version,
  folder: u.folder,
  epoch: u.epoch,
  patient: u.patient,
  author: u.author,
  multipart: u.multipart,
  created: u.created,
  state: OPEN,
});

const toUpload = (item: Item): StoredUpload => {
  const multipart = optionalText(item, 'multipart');
  return {
    upload: text<UploadId>(item, 'upload'),
    record: text<RecordId>(item, 'record'),
    version: count(item, 'version'),
    folder: text<FolderId>(item, 'folder'),
    epoch: count(item, 'epoch'),
    patient: text<IdentityId>(item, 'patient'),
    author: text<IdentityId>(item, 'author'),
    ...(multipart === undefined ? {} : { multipart }),
    created: count(item, 'created'),
  };
};

/** Whether two uploads are the same in all but `created` and the id of S3's multipart upload. */
const isSame = (a: StoredUpload, b: StoredUpload): boolean =>
  a.version === b.version &&
  a.folder === b.folder &&
  a.epoch === b.epoch &&
  a.patient === b.patient &&
  a.author === b.author &&
  (a.multipart === undefined) === (b.multipart === undefined);

const refusal =
  (upload: StoredUpload) =>
  (old: Item | undefined): Refusal =>
    old !== undefined && isSame(toUpload(old), upload) ? 'repeated' : new AppError('already-exists');

export const makeUploads = (context: StoreContext, write: Writer): Uploads => {
  const find: Uploads['find'] = async (record, upload) => {
    const item = await getItem(context, uploadKey(record, upload));
    return item?.['state'] === OPEN ? toUpload(item) : undefined;
  };

  const begun = (pk: string, from: string, before: number) =>
    query(context, { index: 'gsi2', pk, span: { from, to: msText(before) }, limit: PAGE });
  type Begun = Awaited<ReturnType<typeof begun>>;

  async function* from(first: Begun, pk: string, before: number): AsyncGenerator<StoredUpload> {
    for (let found = first; ;) {
      yield* found.items.map(toUpload);
      const last = found.items.at(-1);
      if (!found.more || last === undefined) return;
      found = await begun(pk, after(text(last, 'gsi2sk')), before);
    }
  }

  return {
    find,

    begin: async (upload, call) => {
      const written = await write({
        steps: [{ put: uploadItem(upload), when: [isAbsent(refusal(upload))] }],
        ...effectOf(call),
      });
      if (!written.repeated) return { ...written, stored: upload };
      const stored = await find(upload.record, upload.upload);
      // The upload was committed or swept meanwhile.
      if (stored === undefined) throw new AppError('already-exists');
      return { ...written, stored };
    },

    async *stale(before) {
      for (let day = dayOf(before) - DAYS_BACK; day <= dayOf(before); day++) {
        const shards = Array.from({ length: SHARDS }, (_, shard) => uploadsPk(day, shard));
        // The first pages of all shards of a day are read at once, because nearly all shards are empty.
        const firsts = await Promise.all(shards.map((pk) => begun(pk, LOWEST, before)));
        for (const [shard, first] of firsts.entries()) yield* from(first, uploadsPk(day, shard), before);
      }
    },

    retire: (upload) =>
      moveItem(context, uploadKey(upload.record, upload.upload), {
        name: 'state',
        from: [OPEN, RETIRED],
        to: RETIRED,
      }),

    remove: (upload) => deleteItem(context, uploadKey(upload.record, upload.upload)),
  };
};
