// Use case list-cell-grants: lists the grants that read a cell. The patient's client carries them over to the next epoch.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Folders, Grants, Identities } from '../ports/index.ts';
import { grantAnswer, next } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find'>;
  readonly grants: Pick<Grants, 'ofCell'>;
}

export async function listCellGrants(
  { identities, folders, grants }: Deps,
  call: Call,
  { params, query }: Input<'list-cell-grants'>,
): Promise<Answer<'list-cell-grants'>> {
  const [folder, page] = await Promise.all([
    folders.find(params.folderId),
    grants.ofCell({ folder: params.folderId, epoch: params.epoch }, query),
    findRegistered(identities, call.caller),
  ]);
  if (folder?.statement.payload.patient !== call.caller) throw new AppError('not-found');
  return { grants: page.items.map((g) => grantAnswer(g, call.now)), ...next(page) };
}
