// The patient's folders, from the chain of statements: names, current cells and all cells. The client derives the key of each cell again, and compares it with
// the key in the folder statement.
import { fromBase64url } from '../../bytes/codec.ts';
import type { FolderId } from '../../bytes/ids.ts';
import { openText, type TextContext } from '../../envelope/sealed-text.ts';
import type { Category } from '../../statements/fields.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { GivenAccess } from '../chain/given-access.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError } from '../session/errors.ts';
import { publicKeyText } from '../identities/identities.ts';
import { ownCompanion } from './companion-keys.ts';
import type { CallOptions } from '../session/transport.ts';

export interface Folder {
  readonly id: FolderId;
  /** The decrypted name. Only the patient can read it. */
  readonly name: string;
  readonly category: Category;
  readonly epoch: number;
  readonly statement: Statement<'folder'>;
}

/** Returns the folder whose current cell has this verified statement. */
export const folderOf = (statement: Statement<'folder'>, name: string): Folder => {
  const { folder: id, category, epoch } = statement.payload;
  return { id, name, category, epoch, statement };
};

export const folderNameContext = (ctx: Context, folder: FolderId): TextContext => ({
  kind: 'folder-name',
  sender: ctx.keys.id,
  receiver: ctx.keys.id,
  statement: folder,
});

/** Derives the cell key from the patient's keys, and checks that it is the key in this statement. @throws {ClientError} `unverified` (`folder-key`) */
const verifyKey = (ctx: Context, statement: Statement<'folder'>): Statement<'folder'> => {
  const { folder, epoch, salt, key } = statement.payload;
  check('folder-key', publicKeyText(ctx.keys.folderKey(folder, epoch, fromBase64url(salt))) === key);
  return statement;
};

/** Checks the current cell of a folder, and returns the folder with its decrypted name. @throws {ClientError} `unverified` (`folder-name`), `rolled-back` */
const openFolder = async (ctx: Context, statement: Statement<'folder'>): Promise<Folder> => {
  const { folder, name } = statement.payload;
  ctx.memory.noteFolder(statement);
  const text = await checked('folder-name', () =>
    openText(fromBase64url(name), ctx.keys.inbox(), folderNameContext(ctx, folder)),
  );
  return folderOf(statement, text);
};

/** The folders of a chain of statements that was read. */
type GivenFolders = Pick<GivenAccess, 'folders'>;

/** Lists the folders of the chain of statements. */
export const foldersIn = async (ctx: Context, { folders }: GivenFolders): Promise<readonly Folder[]> => {
  const current = [...folders.values()].map((cells) => cells.at(-1)!);
  return Promise.all(current.map(async (cell) => openFolder(ctx, verifyKey(ctx, cell))));
};

/** Reads the chain of statements, and lists the patient's folders. */
export const listFolders = async (ctx: Context, options: CallOptions = {}): Promise<readonly Folder[]> =>
  foldersIn(ctx, await ctx.chain.sync(options));

/**
 * Finds a folder of the chain of statements by its id.
 * @throws {ClientError} `not-mine`, `unverified` (`folder-key`, `folder-name`, `companion`), `rolled-back`
 */
export const folderIn = async (ctx: Context, { folders }: GivenFolders, id: FolderId): Promise<Folder> => {
  const current = folders.get(id)?.at(-1);
  if (current === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
  const folder = await openFolder(ctx, verifyKey(ctx, current));
  // Checks the companion key, because records are filed to it. The check takes a millisecond, so the list of all folders omits it.
  await ownCompanion(ctx, current);
  return folder;
};

/** Reads the chain of statements, and finds one of the patient's folders by its id. @throws as {@link folderIn} */
export const ownFolder = async (ctx: Context, id: FolderId, options: CallOptions = {}): Promise<Folder> =>
  folderIn(ctx, await ctx.chain.sync(options), id);

/**
 * Finds one cell of one of the patient's folders. A cell never changes, so the client reads the chain only if it does not know the cell yet.
 * @throws {ClientError} `not-mine`, `unknown-cell`
 */
export const ownCell = async (
  ctx: Context,
  id: FolderId,
  epoch: number,
  options: CallOptions = {},
): Promise<Statement<'folder'>> => {
  const known = (await ctx.chain.state(options)).folders.get(id)?.[epoch - 1];
  if (known !== undefined) return verifyKey(ctx, known);
  const cells = (await ctx.chain.sync(options)).folders.get(id);
  if (cells === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
  const cell = cells[epoch - 1];
  if (cell === undefined) throw new ClientError('unknown-cell', 'the folder has no such epoch');
  return verifyKey(ctx, cell);
};
