// Readable cells: finds the cells and record versions that a recipient may read under its live grant. This includes the cells of extensions.
import { AppError } from '../../api/errors.ts';
import type { FolderId, GrantId, IdentityId } from '../../bytes/ids.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import type { Call } from '../../ports/call.ts';
import { liveGrant } from './live-grant.ts';
import type { CellName, Grants, StoredGrant, WrapName } from '../../ports/index.ts';

/** Finds the caller's live grant to read. @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun` */
async function liveReadGrant(grants: Pick<Grants, 'find'>, id: GrantId, call: Call): Promise<StoredGrant> {
  return liveGrant(grants, id, (right) => RIGHT_FACTS[right].opensRecords, call);
}

/**
 * Finds the cells of a folder that the caller may read under its grant, oldest first.
 * @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export async function readableCells(
  grants: Pick<Grants, 'find' | 'cellsOf'>,
  id: GrantId,
  folder: FolderId,
  call: Call,
): Promise<readonly CellName[]> {
  const [, cells] = await Promise.all([liveReadGrant(grants, id, call), grants.cellsOf(id, folder)]);
  if (cells.length === 0) throw new AppError('not-found');
  return cells;
}

/** The patient of the caller's grant, and the wraps for its cells. */
export interface ReadableWraps<W extends WrapName> {
  readonly patient: IdentityId;
  readonly wraps: readonly W[];
}

/** Finds the wraps of a record that the caller may read. @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun` */
export async function readableWraps<W extends WrapName>(
  grants: Pick<Grants, 'find' | 'holds'>,
  id: GrantId,
  wraps: readonly W[],
  call: Call,
): Promise<ReadableWraps<W>> {
  const [grant, hasCell] = await Promise.all([liveReadGrant(grants, id, call), grants.holds(id, wraps)]);
  return { patient: grant.statement.payload.patient, wraps: wraps.filter((_, i) => hasCell[i]) };
}
