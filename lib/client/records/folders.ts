// Lists and fetches the patient's own folders, and verifies each folder statement: own signature, own cell key, not older than the memory.
import { fromBase64url } from '../../bytes/codec.ts';
import type { FolderId } from '../../bytes/ids.ts';
import { openText, type TextContext } from '../../envelope/sealed-text.ts';
import type { Category } from '../../statements/fields.ts';
import type { Statement } from '../../statements/kinds.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError, ServiceError } from '../session/errors.ts';
import { publicKeyText } from '../identities/identities.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';

export interface Folder {
  readonly id: FolderId;
  /** The decrypted name. Only the patient can read it. */
  readonly name: string;
  readonly category: Category;
  readonly epoch: number;
  readonly statement: Statement<'folder'>;
}

/** Returns the folder that belongs to this verified statement of its current cell. */
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

/** Verifies an own cell: the caller signed it, and derives the same key for it. */
const verifyCell = async (ctx: Context, jws: string): Promise<Statement<'folder'>> => {
  const statement = await checked('folder', () => verifyStatement('folder', jws, ctx.keys.id));
  const { folder, epoch, salt, key } = statement.payload;
  check('folder-key', publicKeyText(ctx.keys.folderKey(folder, epoch, fromBase64url(salt))) === key);
  return statement;
};

/** Checks the current cell of a folder, and returns the folder with its decrypted name. @throws {ClientError} `unverified` (`folder-name`), `rolled-back` */
const openFolder = async (ctx: Context, statement: Statement<'folder'>): Promise<Folder> => {
  const { folder, name } = statement.payload;
  ctx.memory.noteFolder(statement);
  const text = await checked('folder-name', () =>
    openText(fromBase64url(name), ctx.keys.inbox, folderNameContext(ctx, folder)),
  );
  return folderOf(statement, text);
};

/** Lists the folders. The list may lag: a folder made just before may be missing. */
export const listFolders = async (ctx: Context, options: CallOptions = {}): Promise<readonly Folder[]> => {
  const views = await all(
    (cursor) => ctx.call('list-folders', { query: cursor }, options),
    (page) => page.folders,
  );
  return Promise.all(views.map(async (v) => openFolder(ctx, await verifyCell(ctx, v.statement))));
};

/** Lists every cell of an own folder, oldest first. Verified: own signature and key, epochs without a gap, each names the one before. */
export const listOwnCells = async (
  ctx: Context,
  folder: FolderId,
  options: CallOptions = {},
): Promise<readonly Statement<'folder'>[]> => {
  const views = await all(
    (cursor) => ctx.call('list-cells', { params: { folderId: folder }, query: cursor }, options),
    (page) => page.folders,
  );
  const cells = await Promise.all(views.map((v) => verifyCell(ctx, v.statement)));
  let previous: string | undefined;
  for (const [i, { payload, hash }] of cells.entries()) {
    check('folder', payload.folder === folder && payload.epoch === i + 1 && payload.previous === previous);
    previous = hash;
  }
  return cells;
};

/** One of the patient's folders, with its cells, oldest first. */
export interface FolderWithCells {
  readonly folder: Folder;
  readonly cells: readonly Statement<'folder'>[];
}

/**
 * Fetches an own folder by its id, because decisions must not depend on a list that may lag.
 * @throws {ClientError} `not-mine`, `unverified` (`folder`, `folder-key`, `folder-name`), `rolled-back`
 */
export const ownFolderWithCells = async (
  ctx: Context,
  id: FolderId,
  options: CallOptions = {},
): Promise<FolderWithCells> => {
  const cells = await listOwnCells(ctx, id, options).catch((error: unknown) => {
    if (error instanceof ServiceError && error.code === 'not-found') return [];
    throw error;
  });
  const current = cells.at(-1);
  if (current === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
  return { folder: await openFolder(ctx, current), cells };
};

/** Fetches an own folder by its id. */
export const ownFolder = async (ctx: Context, id: FolderId, options: CallOptions = {}): Promise<Folder> =>
  (await ownFolderWithCells(ctx, id, options)).folder;

/** Fetches one cell of an own folder. @throws {ClientError} `not-mine`, `unknown-cell` */
export const ownCell = async (
  ctx: Context,
  id: FolderId,
  epoch: number,
  options: CallOptions = {},
): Promise<Statement<'folder'>> => {
  const { cells } = await ownFolderWithCells(ctx, id, options);
  const cell = cells.find((c) => c.payload.epoch === epoch);
  if (cell === undefined) throw new ClientError('unknown-cell', 'the folder has no such epoch');
  return cell;
};
