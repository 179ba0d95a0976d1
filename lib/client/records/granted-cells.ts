// Granted cells: finds the cells of a grant that have a wrap of a record version, and the folder whose list shows this version.
import type { FolderId } from '../../bytes/ids.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import type { GrantedCell, GrantWithCells } from '../access/verify-grant.ts';

type SingleVersion = NonNullable<Payload<'folder'>['single']>;

/**
 * Lists the granted cells that have a wrap of this version. The first is the cell in which the version was filed, if the grant has it. The others are of
 * single-record folders.
 */
export const cellsWith = (
  { cells }: GrantWithCells,
  { payload: { record, version, folder, epoch } }: Statement<'record'>,
): readonly GrantedCell[] => [
  ...cells.filter((c) => c.folder === folder && c.epoch === epoch),
  ...cells.filter(
    ({ statement: { payload } }) => payload.single?.record === record && payload.single.version === version,
  ),
];

/** Returns the folder whose list must have this version: the folder in which it was filed, unless the grant has it only in a single-record folder. */
export const listingFolder = (grant: GrantWithCells | undefined, version: Statement<'record'>): FolderId =>
  (grant && cellsWith(grant, version)[0]?.folder) ?? version.payload.folder;

/** Lists the record versions that a granted single-record folder has, by the patient's statement of each of its cells. Any other folder has none. */
export const singleVersionsIn = (grant: GrantWithCells | undefined, folder: FolderId): readonly SingleVersion[] =>
  (grant?.cells ?? []).flatMap((c) => (c.folder === folder ? (c.statement.payload.single ?? []) : []));
