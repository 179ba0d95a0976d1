// Starts the next epoch of a folder: makes a new cell, and carries every grant that has not ended over to it.
import type { Folder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import type { CallOptions } from '../session/transport.ts';
import { readersOf, standingGrantsFor } from './carry-over.ts';
import { putCell, signCell } from './create-cell.ts';

/** Starts the next epoch of a folder, and carries over every grant that covers the folder and has not ended. */
export const startEpoch = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<Folder> => {
  const { id, category, name, statement: last, epoch } = folder;
  const grants = [...(await readersOf(ctx, last.payload, options)), ...(await standingGrantsFor(ctx, last, options))];
  const cell = await signCell(ctx, { folder: id, category, name, last });
  await putCell(ctx, cell, [...new Map(grants.map((g) => [g.id, g])).values()], options);
  return { ...folder, epoch: epoch + 1, statement: cell };
};
