// Use case settle-grant: the patient takes an ended grant off the list of unsettled grants. Before that, all cells that the grant could read must be closed.
// The key fragments of the grant are deleted: no other call deletes those of a grant that has expired or is used up. A used-up grant keeps its key fragments
// while the service answers its last openings again: such an opening was counted, and its answer may be lost.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { FolderId, GrantId } from '../bytes/ids.ts';
import { endAt } from '../domain/grant.ts';
import { repeatsEnd } from '../domain/opening.ts';
import type { Call } from '../ports/call.ts';
import { whileRegistered } from './checks/caller.ts';
import { ownGrant } from './checks/extension.ts';
import type { Folders, Grants, Identities, KeyFragments } from '../ports/index.ts';
import { grantAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'cells' | 'settle' | 'settleLater'>;
  readonly folders: Pick<Folders, 'cells'>;
  readonly keyFragments: Pick<KeyFragments, 'forget'>;
}

const PAGE = 100;

export async function settleGrant(
  deps: Deps,
  call: Call,
  { params }: Input<'settle-grant'>,
): Promise<Answer<'settle-grant'>> {
  const reading = Promise.all([ownGrant(deps.grants, params.grantId, call), openCells(deps, params.grantId)]);
  const [, [grant, open]] = await whileRegistered(deps.identities, call.caller, reading);
  const end = endAt(grant.status, call.now);
  if (end === undefined || open.length > 0) throw new AppError('cells-open', { ids: open });
  const until = repeatsEnd(grant.pace);
  if (end === 'exhausted' && call.now < until) {
    await deps.grants.settleLater(grant, until, call);
    return grantAnswer(grant, call.now);
  }
  // The grant leaves the list last, so that a repeated call deletes the fragments that an interrupted one left.
  await deps.keyFragments.forget(params.grantId);
  await deps.grants.settle(grant, call);
  return grantAnswer(grant, call.now);
}

/** Finds the folders whose current cell the grant can read, without single-record folders: they get no further records and so need no new epoch. */
async function openCells({ grants, folders }: Deps, id: GrantId): Promise<readonly FolderId[]> {
  const open: FolderId[] = [];
  let cursor: string | undefined;
  do {
    const page = await grants.cells(id, { cursor, limit: PAGE });
    const cells = await folders.cells(page.items);
    const all = cells.map((cell) => cell!);
    for (const { state, statement } of all)
      if (state === 'current' && statement.payload.single === undefined) open.push(statement.payload.folder);
    cursor = page.next;
  } while (cursor !== undefined);
  return open;
}
