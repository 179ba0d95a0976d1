// Creates cells: signs the folder statement of a new epoch, and stores it together with extensions of the grants that have not ended.
import type { FolderId } from '../../bytes/ids.ts';
import { toBase64url } from '../../bytes/codec.ts';
import { sealText } from '../../envelope/sealed-text.ts';
import { MOST_CARRIED } from '../../statements/fields.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { publicKeyOf } from '../../umbral/keys.ts';
import { publicKeyText } from '../identities/identities.ts';
import { folderNameContext } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { extensionOf, type ExtensionBody } from './extend-grant.ts';
import { isCarriedOver } from './carry-over.ts';
import { extend } from './extend-grant.ts';
import type { Grant } from './verify-grant.ts';

export interface NewCell {
  readonly folder: FolderId;
  readonly category: Payload<'folder'>['category'];
  readonly name: string;
  /** The statement of the epoch before. Absent for a new folder. */
  readonly last?: Statement<'folder'>;
  readonly single?: Payload<'folder'>['single'];
}

/** Maximum length of a sealed name, bytes. */
const LONGEST_NAME = 1024;

/**
 * Signs the statement of a folder's first or next epoch. Each has a fresh salt, and so a fresh key.
 * @throws {ClientError} `bad-argument` for a name that is too long to seal
 */
export const signCell = async (ctx: Context, { folder, category, name, last, single }: NewCell) => {
  const epoch = (last?.payload.epoch ?? 0) + 1;
  const salt = ctx.platform.rng(16);
  const sealed = sealText(folderNameContext(ctx, folder), name, publicKeyOf(ctx.keys.inbox), ctx.platform.rng);
  if (sealed.length > LONGEST_NAME) throw new ClientError('bad-argument', 'the name of the folder is too long');
  const payload: Payload<'folder'> = {
    patient: ctx.keys.id,
    folder,
    epoch,
    salt: toBase64url(salt),
    key: publicKeyText(ctx.keys.folderKey(folder, epoch, salt)),
    category,
    name: toBase64url(sealed),
    ...(single === undefined ? {} : { single }),
    ...(last === undefined ? {} : { previous: last.hash }),
    issued: ctx.now(),
  };
  return signStatement('folder', payload, ctx.keys);
};

/** Stores a cell and carries grants over to it. @param wrap for a single-record folder: the file key of its record */
export const putCell = async (
  ctx: Context,
  cell: Statement<'folder'>,
  grants: readonly Grant[],
  options: CallOptions,
  wrap?: { readonly capsule: string; readonly wrappedKey: string },
): Promise<void> => {
  const extensions: ExtensionBody[] = [];
  for (const grant of grants.slice(0, MOST_CARRIED).filter(isCarriedOver(ctx)))
    extensions.push(await extensionOf(ctx, grant, [cell]));
  await ctx.call(
    'create-folder',
    {
      params: { folderId: cell.payload.folder },
      body: {
        statement: cell.jws,
        ...(wrap === undefined ? {} : { wrap }),
        ...(extensions.length === 0 ? {} : { extensions }),
      },
    },
    options,
  );
  ctx.memory.noteFolder(cell);
  for (const grant of grants.slice(MOST_CARRIED))
    if (isCarriedOver(ctx)(grant)) await extend(ctx, grant, [cell], options);
};
