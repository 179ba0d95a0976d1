// Use case get-grant: returns a grant, with the folder statements of its cells, to its patient or its recipient. It does so also after the grant has ended.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { endAt, RIGHT_FACTS } from '../domain/grant.ts';
import type { GrantId } from '../bytes/ids.ts';
import type { Payload } from '../statements/kinds.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Folders, Grants, Identities, PageRequest } from '../ports/index.ts';
import { grantAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'cells'>;
  readonly folders: Pick<Folders, 'find' | 'cells'>;
}

export async function getGrant(
  deps: Deps,
  call: Call,
  { params, query }: Input<'get-grant'>,
): Promise<Answer<'get-grant'>> {
  const [grant] = await Promise.all([deps.grants.find(params.grantId), findRegistered(deps.identities, call.caller)]);
  if (grant === undefined) throw new AppError('not-found');
  const { patient, recipient, right, cells } = grant.statement.payload;
  if (call.caller !== patient && call.caller !== recipient) throw new AppError('not-found');

  const found = RIGHT_FACTS[right].needsKeyFragments
    ? await namedCells(deps, params.grantId, query)
    : await folderNow(deps, cells, endAt(grant.status, call.now) === undefined);
  return { ...grantAnswer(grant, call.now), ...found };
}

type Cells = Pick<Answer<'get-grant'>, 'cells' | 'next'>;

async function namedCells({ grants, folders }: Deps, id: GrantId, page: PageRequest): Promise<Cells> {
  const { items, ...rest } = await grants.cells(id, page);
  const stored = await folders.cells(items);
  const cells = items.flatMap(({ extension }, i) => {
    const folder = stored[i]?.statement.jws;
    return folder === undefined ? [] : [{ folder, ...(extension === undefined ? {} : { extension }) }];
  });
  return { cells, ...rest };
}

/**
 * Finds the folder statement for a grant to add or to write. If the grant has not ended, it is the statement of the current epoch, because filing needs the key
 * of that epoch. Otherwise it is the statement that the grant names.
 */
async function folderNow({ folders }: Deps, [cell]: Payload<'grant'>['cells'], live: boolean): Promise<Cells> {
  const folder = cell && (live ? await folders.find(cell.folder) : (await folders.cells([cell]))[0]);
  return { cells: folder === undefined ? [] : [{ folder: folder.statement.jws }] };
}
