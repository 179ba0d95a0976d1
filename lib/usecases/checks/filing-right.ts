// Filing right: checks that the caller may file into a folder. The patient may file, and so may a recipient with a live grant to add or to write there.
import { AppError } from '../../api/errors.ts';
import type { GrantId } from '../../bytes/ids.ts';
import { mayFile } from '../../domain/grant.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { Call } from '../../ports/call.ts';
import { liveGrant } from './live-grant.ts';
import type { Grants, StoredCell } from '../../ports/index.ts';

interface Filing {
  /** The grant under which the caller files; undefined for the patient. */
  readonly grant: GrantId | undefined;
  /** The number of the version to file. Version 1 of a record needs the right to add, every later version the right to write. */
  readonly version: number;
  readonly folder: StoredCell;
}

/**
 * Returns the grant that allows the caller to file; undefined for the patient.
 * @throws {AppError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export async function authority(
  grants: Pick<Grants, 'find'>,
  { grant: id, version, folder }: Filing,
  call: Call,
): Promise<Statement<'grant'> | undefined> {
  const { patient, folder: name, single } = folder.statement.payload;
  if (id === undefined) {
    // Nobody can file into a single-record folder, not even the patient. No grant to add or to write exists for such a folder.
    if (patient !== call.caller || single !== undefined) throw new AppError('not-found');
    return undefined;
  }
  const { statement } = await liveGrant(grants, id, (right) => mayFile(right, version), call);
  const { payload } = statement;
  if (payload.patient !== patient || payload.cells[0]!.folder !== name) throw new AppError('not-found');
  return statement;
}
