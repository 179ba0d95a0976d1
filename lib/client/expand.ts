// What a wish or a gift reaches, as the patient's client sees it: folders, and the cells that a grant has to name.
import { reaches } from '../domain/grant.ts';
import type { Scope, Statement } from '../statements/kinds.ts';
import type { Context } from './context.ts';
import { ClientError } from './errors.ts';
import { listFolders, listOwnCells, type Folder } from './folders.ts';
import { folderOfRecord } from './making.ts';
import { latestVersion } from './own-records.ts';
import type { CallOptions } from './transport.ts';

/** The own folders that a scope reaches. @throws {ClientError} `not-mine` for a folder or record that is not the patient's */
export const foldersWithin = async (
  ctx: Context,
  scope: Scope,
  options: CallOptions = {},
): Promise<readonly Folder[]> => {
  if ('record' in scope) return [await folderOfRecord(ctx, await latestVersion(ctx, scope.record, options), options)];
  const own = await listFolders(ctx, options);
  if ('folders' in scope)
    return scope.folders.map((id) => {
      const folder = own.find((f) => f.id === id);
      if (folder === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
      return folder;
    });
  return own.filter(({ statement: { payload } }) => payload.single === undefined && reaches(scope, payload));
};

/** Every epoch of the folders: older records are wrapped for older cells. */
export const cellsOf = async (
  ctx: Context,
  folders: readonly Folder[],
  options: CallOptions = {},
): Promise<readonly Statement<'folder'>[]> => {
  const cells: Statement<'folder'>[] = [];
  for (const { id, epoch, statement } of folders)
    cells.push(...(epoch === 1 ? [statement] : await listOwnCells(ctx, id, options)));
  return cells;
};
