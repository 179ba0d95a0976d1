// Creates an ordinary folder for the patient. The client adds the folder's cell at once to the standing grants that cover the folder.
import { folderOf, type Folder } from './folders.ts';
import { newId, type FolderId } from '../../bytes/ids.ts';
import type { Category } from '../../statements/fields.ts';
import { assertFolderName, assertValid } from '../session/check-arguments.ts';
import type { Context } from '../session/context.ts';
import { newFolder, putCell } from '../access/create-cell.ts';
import { closeCells } from '../access/close-cells-of-ended-grants.ts';
import type { CallOptions } from '../session/transport.ts';

/** @throws {ClientError} `bad-argument` for an unknown category, an empty name, or a name that is too long to seal */
export const createFolder = async (
  ctx: Context,
  { name, category }: { readonly name: string; readonly category: Category },
  options: CallOptions = {},
): Promise<Folder> => {
  assertFolderName(name);
  assertValid('category', category);
  await closeCells(ctx, options);
  const cell = { folder: newId<FolderId>(ctx.platform.rng), name, category };
  return folderOf(await putCell(ctx, newFolder(cell), options), name);
};
