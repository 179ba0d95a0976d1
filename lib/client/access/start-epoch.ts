// Starts the next epoch of a folder: makes a new cell, and carries every grant that has not ended over to it.
import type { Folder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { putCell } from './create-cell.ts';

/**
 * Starts the next epoch of a folder, and carries over every grant that covers the folder and has not ended. If another device has started the epoch
 * meanwhile, the function returns the folder in that epoch.
 */
export const startEpoch = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<Folder> => {
  const { id, category, name, epoch } = folder;
  const cell = await putCell(
    ctx,
    {
      next: ({ folders }) => {
        const last = folders.get(id)?.at(-1);
        if (last === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
        return last.payload.epoch > epoch ? { done: last } : { folder: id, category, name, last };
      },
    },
    options,
  );
  return { ...folder, epoch: cell.payload.epoch, statement: cell };
};
