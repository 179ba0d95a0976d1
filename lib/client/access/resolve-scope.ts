// Resolves a scope for the patient: finds the folders in it, and the cells that a grant has to name.
import { reaches } from '../../domain/grant.ts';
import type { Scope, Statement } from '../../statements/kinds.ts';
import type { Context } from '../session/context.ts';
import {
  listFolders,
  listOwnCells,
  ownFolderWithCells,
  type Folder,
  type FolderWithCells,
} from '../records/folders.ts';
import { folderOfRecord } from '../records/single-record-folder.ts';
import { latestVersion } from '../records/list-versions.ts';
import type { CallOptions } from '../session/transport.ts';

/** A folder in a scope. It has its cells if the client has fetched them already. */
export type FolderInScope = Pick<FolderWithCells, 'folder'> & Partial<FolderWithCells>;

/**
 * Finds the patient's folders in a scope. The folders come from the chain of statements.
 * @throws {ClientError} `not-mine` for a folder or record that is not the patient's
 */
export const foldersWithin = async (
  ctx: Context,
  scope: Scope,
  options: CallOptions = {},
): Promise<readonly FolderInScope[]> => {
  if ('folders' in scope) return Promise.all(scope.folders.map((id) => ownFolderWithCells(ctx, id, options)));
  if ('record' in scope)
    return [{ folder: await folderOfRecord(ctx, await latestVersion(ctx, scope.record, options), options) }];
  const within = ({ statement: { payload } }: Folder) => payload.single === undefined && reaches(scope, payload);
  return (await listFolders(ctx, options)).filter(within).map((folder) => ({ folder }));
};

/** Lists every cell of the folders, because the wraps of older records are for older cells. */
export const cellsOf = async (
  ctx: Context,
  reached: readonly FolderInScope[],
  options: CallOptions = {},
): Promise<readonly Statement<'folder'>[]> => {
  const all: Statement<'folder'>[] = [];
  for (const { folder, cells } of reached)
    all.push(...(cells ?? (folder.epoch === 1 ? [folder.statement] : await listOwnCells(ctx, folder.id, options))));
  return all;
};
