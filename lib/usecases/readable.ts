// Which cells a caller may read: all of its own, or those of its live grant.
import type { GrantId } from '../bytes/ids.ts';
import type { Call } from './call.ts';
import { liveGrant } from './caller.ts';
import type { CellName, Grants } from './ports.ts';

/**
 * The cells of the caller's live read grant; undefined when no grant is named and only the patient may be served.
 * @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export async function grantedCells(
  grants: Pick<Grants, 'find'>,
  id: GrantId | undefined,
  call: Call,
): Promise<readonly CellName[] | undefined> {
  if (id === undefined) return undefined;
  const { payload } = (await liveGrant(grants, id, call)).statement;
  return payload.cells.map(({ folder, epoch }) => ({ folder, epoch }));
}
