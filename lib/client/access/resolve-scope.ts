// Resolves a scope for the patient: finds the folders in it, and the cells that a grant has to name.
import { reaches } from '../../domain/grant.ts';
import type { Scope, Statement } from '../../statements/kinds.ts';
import type { GivenAccess } from '../chain/given-access.ts';
import type { Context } from '../session/context.ts';
import { folderIn, foldersIn, type Folder } from '../records/folders.ts';
import { folderOfRecord } from '../records/single-record-folder.ts';
import { latestVersion } from '../records/list-versions.ts';
import type { CallOptions } from '../session/transport.ts';

/**
 * Finds the patient's folders in a scope.
 * @param given the chain of statements, which the caller has read
 * @throws {ClientError} `not-mine` for a folder or record that is not the patient's
 */
export const foldersWithin = async (
  ctx: Context,
  given: GivenAccess,
  scope: Scope,
  options: CallOptions = {},
): Promise<readonly Folder[]> => {
  if ('folders' in scope) return Promise.all(scope.folders.map((id) => folderIn(ctx, given, id)));
  if ('record' in scope) return [await folderOfRecord(ctx, await latestVersion(ctx, scope.record, options), options)];
  const within = ({ statement: { payload } }: Folder) => payload.single === undefined && reaches(scope, payload);
  return (await foldersIn(ctx, given)).filter(within);
};

/** Lists every cell of the folders up to their current one, because the wraps of older records are for older cells. */
export const cellsOf = (
  { folders }: Pick<GivenAccess, 'folders'>,
  reached: readonly Folder[],
): readonly Statement<'folder'>[] =>
  reached.flatMap(({ id, epoch, statement }) => (epoch === 1 ? [statement] : (folders.get(id) ?? []).slice(0, epoch)));
