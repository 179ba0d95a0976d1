// The patient's own folders: each statement is checked against the own signature, the own key and what was seen before.
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import { newId, type FolderId } from '../bytes/ids.ts';
import { openText, sealText, type TextPlace } from '../envelope/sealed-text.ts';
import type { Category } from '../statements/fields.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import { verifyStatement } from '../statements/verify.ts';
import { publicKeyOf } from '../umbral/keys.ts';
import type { Context } from './context.ts';
import { check, checked, ClientError } from './errors.ts';
import { publicKeyText } from './identities.ts';
import { all } from './pages.ts';
import type { CallOptions } from './transport.ts';

export interface Folder {
  readonly id: FolderId;
  /** Opened: only the patient can read it. */
  readonly name: string;
  readonly category: Category;
  readonly epoch: number;
  readonly statement: Statement<'folder'>;
}

const placeOf = (ctx: Context, folder: FolderId): TextPlace => ({
  kind: 'folder-name',
  sender: ctx.keys.id,
  receiver: ctx.keys.id,
  statement: folder,
});

/** @throws {ClientError} `unverified` (`folder`, `folder-key`, `folder-name`), `rolled-back` */
const verifyFolder = async (ctx: Context, jws: string): Promise<Folder> => {
  const statement = await checked('folder', () => verifyStatement('folder', jws, ctx.keys.id));
  const { folder, epoch, salt, key, category, name } = statement.payload;
  check('folder-key', publicKeyText(ctx.keys.folderKey(folder, epoch, fromBase64url(salt))) === key);
  ctx.memory.noteFolder(statement);
  const text = await checked('folder-name', () => openText(fromBase64url(name), ctx.keys.inbox, placeOf(ctx, folder)));
  return { id: folder, name: text, category, epoch, statement };
};

export const listFolders = async (ctx: Context, options: CallOptions = {}): Promise<readonly Folder[]> => {
  const views = await all(
    (cursor) => ctx.call('list-folders', { query: cursor }, options),
    (page) => page.folders,
  );
  return Promise.all(views.map((v) => verifyFolder(ctx, v.statement)));
};

/** @throws {ClientError} `bad-argument` for a name that is too long to seal */
export const createFolder = async (
  ctx: Context,
  { name, category }: { readonly name: string; readonly category: Category },
  options: CallOptions = {},
): Promise<Folder> => {
  const folder = newId<FolderId>(ctx.world.rng);
  const salt = ctx.world.rng(16);
  const sealed = sealText(placeOf(ctx, folder), name, publicKeyOf(ctx.keys.inbox), ctx.world.rng);
  if (sealed.length > 1024) throw new ClientError('bad-argument', 'the name of the folder is too long');
  const payload: Payload<'folder'> = {
    patient: ctx.keys.id,
    folder,
    epoch: 1,
    salt: toBase64url(salt),
    key: publicKeyText(ctx.keys.folderKey(folder, 1, salt)),
    category,
    name: toBase64url(sealed),
    issued: ctx.now(),
  };
  const statement = await signStatement('folder', payload, ctx.keys);
  await ctx.call('create-folder', { params: { folderId: folder }, body: { statement: statement.jws } }, options);
  ctx.memory.noteFolder(statement);
  return { id: folder, name, category, epoch: 1, statement };
};

/** @throws {ClientError} `not-mine` */
export const ownFolder = async (ctx: Context, id: FolderId, options: CallOptions = {}): Promise<Folder> => {
  const found = (await listFolders(ctx, options)).find((f) => f.id === id);
  if (found === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
  return found;
};

/** The statement of the cell that a record was filed in. @throws {ClientError} `not-mine`, `unknown-cell` */
export const ownCell = async (
  ctx: Context,
  id: FolderId,
  epoch: number,
  options: CallOptions = {},
): Promise<Statement<'folder'>> => {
  const { statement } = await ownFolder(ctx, id, options);
  if (statement.payload.epoch !== epoch)
    throw new ClientError('unknown-cell', 'the folder has begun a new epoch since the record was filed');
  return statement;
};
