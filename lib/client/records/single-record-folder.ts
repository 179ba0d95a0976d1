// Finds or creates the single-record folder of a record version, so that the patient can grant access to this record alone.
import { folderOf, foldersIn, ownCell, type Folder } from './folders.ts';
import { newId, type FolderId } from '../../bytes/ids.ts';
import { ownKeys } from './cell-keys.ts';
import type { Context } from '../session/context.ts';
import { newFolder, putCell } from '../access/create-cell.ts';
import { openContent } from './open-records.ts';
import type { RecordInfo } from './verify-record.ts';
import type { CallOptions } from '../session/transport.ts';

/**
 * Finds or creates the single-record folder of a record version. The file key is wrapped for the cell of this folder. The blob stays the same. The
 * patient opens the record to get the file key, and the trail records that opening.
 * @throws {ClientError} `unverified`, `not-mine`
 */
export const folderOfRecord = async (ctx: Context, info: RecordInfo, options: CallOptions = {}): Promise<Folder> => {
  const existing = (await foldersIn(ctx, await ctx.chain.state(options))).find(
    ({
      statement: {
        payload: { single },
      },
    }) => {
      return single?.record === info.record && single.version === info.version;
    },
  );
  if (existing !== undefined) return existing;
  const home = await ownCell(ctx, info.folder, info.epoch, options);
  const access = { patient: ctx.keys.id, keysFor: () => Promise.resolve(ownKeys(ctx, home)) };
  const content = await openContent(ctx, access, info, options);
  const { record, version } = info;
  const folder = newId<FolderId>(ctx.platform.rng);
  const name = 'one record';
  const cell = { folder, name, category: home.payload.category, single: { record, version, content } };
  return folderOf(await putCell(ctx, newFolder(cell), options), name);
};
