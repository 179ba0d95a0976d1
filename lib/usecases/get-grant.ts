// A grant for its two parties, with the folder statements that vouch for its cells. Parties see it after its end, too.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from './call.ts';
import { registered } from './caller.ts';
import type { Folders, Grants, Identities } from './ports.ts';
import { grantAnswer } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find'>;
  readonly folders: Pick<Folders, 'cells'>;
}

const PAGE = 80;

export async function getGrant(
  deps: Deps,
  call: Call,
  { params, query }: Input<'get-grant'>,
): Promise<Answer<'get-grant'>> {
  const [grant] = await Promise.all([deps.grants.find(params.grantId), registered(deps.identities, call.caller)]);
  if (grant === undefined) throw new AppError('not-found');
  const { patient, recipient, cells } = grant.statement.payload;
  if (call.caller !== patient && call.caller !== recipient) throw new AppError('not-found');

  const start = offset(query.cursor, cells.length);
  const end = start + (query.limit ?? PAGE);
  const folders = await deps.folders.cells(cells.slice(start, end).map(({ folder, epoch }) => ({ folder, epoch })));
  return {
    ...grantAnswer(grant, call.now),
    folders: folders.filter((f) => f !== undefined).map((f) => f.statement.jws),
    ...(end < cells.length ? { next: String(end) } : {}),
  };
}

/** The cursor of this list is a place among the grant's cells, which never change. */
function offset(cursor: string | undefined, cells: number): number {
  const at = Number(cursor ?? 0);
  if (!Number.isInteger(at) || at < 0 || at >= cells) throw new AppError('malformed-request', { member: 'cursor' });
  return at;
}
