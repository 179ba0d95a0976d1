// Use case list-cells: lists the cells of all epochs of a folder for its patient. The patient needs the old cells, because the wraps of older records are
// encrypted to them.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Folders, Identities } from '../ports/index.ts';
import { folderAnswer, next } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find' | 'epochs'>;
}

export async function listCells(
  { identities, folders }: Deps,
  call: Call,
  { params, query }: Input<'list-cells'>,
): Promise<Answer<'list-cells'>> {
  const [folder, page] = await Promise.all([
    folders.find(params.folderId),
    folders.epochs(params.folderId, query),
    findRegistered(identities, call.caller),
  ]);
  if (folder?.statement.payload.patient !== call.caller) throw new AppError('not-found');
  return { folders: page.items.map(folderAnswer), ...next(page) };
}
