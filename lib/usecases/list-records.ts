// Use case list-records: lists the record statements, sealed metadata and labels in a folder. A recipient names its grant, and gets the records of its cells only.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { whileRegistered } from './checks/caller.ts';
import type { Folders, Grants, Identities, ListedVersion, Page, Records } from '../ports/index.ts';
import { readableCells } from './checks/readable-cells.ts';
import { next, versionAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'cellsOf'>;
  readonly records: Pick<Records, 'listFolder' | 'listCells'>;
}

export async function listRecords(
  deps: Deps,
  call: Call,
  input: Input<'list-records'>,
): Promise<Answer<'list-records'>> {
  const [, page] = await whileRegistered(deps.identities, call.caller, visible(deps, call, input));
  return { records: page.items.map((v) => versionAnswer(v, v.label)), ...next(page) };
}

async function visible(deps: Deps, call: Call, { params, query }: Input<'list-records'>): Promise<Page<ListedVersion>> {
  if (query.grant === undefined) {
    const folder = await deps.folders.find(params.folderId);
    if (folder?.statement.payload.patient !== call.caller) throw new AppError('not-found');
    return deps.records.listFolder(params.folderId, query);
  }
  const cells = await readableCells(deps.grants, query.grant, params.folderId, call);
  return deps.records.listCells(cells, query);
}
