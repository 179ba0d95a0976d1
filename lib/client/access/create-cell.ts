// Creates cells: signs the folder statement of a new epoch, and stores it together with extensions of the grants that have not ended.
import type { FolderId } from '../../bytes/ids.ts';
import { toBase64url } from '../../bytes/codec.ts';
import { MOST_CARRIED } from '../../statements/fields.ts';
import { sealText } from '../../envelope/sealed-text.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { publicKeyOf } from '../../umbral/keys.ts';
import { publicKeyText } from '../identities/identities.ts';
import { folderNameContext } from '../records/folders.ts';
import type { GivenAccess, GivenGrant } from '../chain/given-access.ts';
import type { EntryBody } from '../chain/statement-chain.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { goesOn, grantsToCarry, saidToHaveEnded } from './carry-over.ts';
import { extendAll, extensionOf, type SignedExtension } from './extend-grant.ts';

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
 * Signs the statement of a folder's first or next epoch. Each epoch has a fresh salt, and so a fresh key.
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

/** The file key of a single-record folder, wrapped for its cell. */
interface SingleWrap {
  readonly capsule: string;
  readonly wrappedKey: string;
}

export interface CellPlan {
  /** Decides, by the access that the patient gave, which cell to make, or returns the cell that exists already. */
  readonly next: (given: GivenAccess) => NewCell | { readonly done: Statement<'folder'> };
  /** Makes the wrap of a single-record folder. Absent for other folders. */
  readonly wrapFor?: (cell: Statement<'folder'>) => SingleWrap;
}

/** Returns the plan of a new folder. An earlier try may have stored the folder and then ended with an error. In this case the plan returns the stored cell. */
export const newFolder = (cell: NewCell): CellPlan => ({
  next: ({ folders }) => {
    const made = folders.get(cell.folder)?.at(-1);
    return made === undefined ? cell : { done: made };
  },
});

/** Signs a cell, stores it, and carries grants over to it. */
export const putCell = async (
  ctx: Context,
  { next, wrapFor }: CellPlan,
  options: CallOptions,
): Promise<Statement<'folder'>> => {
  const known = await ctx.chain.state(options);
  const planned = next(known);
  if ('done' in planned) return planned.done;
  // The client asks the service before the act begins. A revocation waits until a running act ends, so a slow answer here does not delay the revocation.
  const ended = await saidToHaveEnded(ctx, known, planned, options);
  let rest: readonly GivenGrant[] = [];
  const cell = await ctx.chain.append(async (given) => {
    rest = [];
    const plan = next(given);
    if ('done' in plan) return plan;
    const made = await signCell(ctx, plan);
    const grants = grantsToCarry(ctx, given, made.payload, ended);
    rest = grants.slice(MOST_CARRIED);
    const extensions: SignedExtension[] = [];
    for (const grant of grants.slice(0, MOST_CARRIED)) extensions.push(await extensionOf(ctx, grant, [made]));
    const send = async (entry: EntryBody) => {
      const body = {
        statement: made.jws,
        ...(wrapFor === undefined ? {} : { wrap: wrapFor(made) }),
        ...(extensions.length === 0 ? {} : { extensions: extensions.map((e) => e.body) }),
        ...entry,
      };
      await ctx.call('create-folder', { params: { folderId: made.payload.folder }, body }, options);
      ctx.memory.noteFolder(made);
      return made;
    };
    return { statements: [made, ...extensions.map((e) => e.statement)], send };
  }, options);
  for (const grant of rest)
    if (goesOn(ctx)(grant)) await extendAll(ctx, grant.statement.payload.grant, [cell], options);
  return cell;
};
