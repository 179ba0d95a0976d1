// Use case list-folders: lists the caller's folders, each with the statement of its current epoch.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Folders, Identities } from '../ports/index.ts';
import { folderAnswer, next } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'list'>;
}

export async function listFolders(
  { identities, folders }: Deps,
  { caller }: Call,
  { query }: Input<'list-folders'>,
): Promise<Answer<'list-folders'>> {
  const [page] = await Promise.all([folders.list(caller, query), findRegistered(identities, caller)]);
  return { folders: page.items.map(folderAnswer), ...next(page) };
}
