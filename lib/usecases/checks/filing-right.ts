// Who may file into a folder: its patient, and whoever has a live grant to add or to write there.
import { AppError } from '../../api/errors.ts';
import type { GrantId } from '../../bytes/ids.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { Call } from '../../ports/call.ts';
import { liveGrant } from './caller.ts';
import type { Grants, StoredCell } from '../../ports/index.ts';

interface Filing {
  /** None for the patient itself. */
  readonly grant: GrantId | undefined;
  /** The first version of a record is added, every later one is written. */
  readonly version: number;
  readonly folder: StoredCell;
}

/**
 * The grant by which the caller files; undefined for the patient.
 * @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export async function authority(
  grants: Pick<Grants, 'find'>,
  { grant: id, version, folder }: Filing,
  call: Call,
): Promise<Statement<'grant'> | undefined> {
  const { patient, folder: name, single } = folder.statement.payload;
  if (id === undefined) {
    // A folder that holds one record version takes in nothing else; others are given no right to.
    if (patient !== call.caller || single !== undefined) throw new AppError('not-found');
    return undefined;
  }
  const { statement } = await liveGrant(grants, id, version === 1 ? 'add' : 'write', call);
  const { payload } = statement;
  if (payload.patient !== patient || payload.cells[0]!.folder !== name) throw new AppError('not-found');
  return statement;
}
