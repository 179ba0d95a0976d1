// Creates cells: signs the folder statement of a new epoch, and stores it together with extensions of the grants that have not ended.
import type { FolderId, RecordId } from '../../bytes/ids.ts';
import { toBase64url } from '../../bytes/codec.ts';
import { MOST_CARRIED } from '../../statements/fields.ts';
import { labelHash } from '../../envelope/label.ts';
import { sealText } from '../../envelope/sealed-text.ts';
import type { WrapContent } from '../../envelope/wrap.ts';
import { decapsulator } from '../../envelope/x-wing.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { publicKeyText } from '../identities/identities.ts';
import { folderNameContext } from '../records/folders.ts';
import { wrapBody, wrapFor, type WrapBody } from '../records/wrap-body.ts';
import type { GivenAccess, GivenGrant } from '../chain/given-access.ts';
import type { EntryBody } from '../chain/statement-chain.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { grantsToCarry, saidToHaveEnded } from './carry-over.ts';
import { extendAll, extensionOf, type SignedExtension } from './extend-grant.ts';

export interface NewCell {
  readonly folder: FolderId;
  readonly category: Payload<'folder'>['category'];
  readonly name: string;
  /** The statement of the epoch before. Absent for a new folder. */
  readonly last?: Statement<'folder'>;
  /** The record version of a single-record folder. */
  readonly single?: SingleRecord;
}

/** A record version, and what the wrap for its single-record folder seals. */
export interface SingleRecord {
  readonly record: RecordId;
  readonly version: number;
  readonly content: WrapContent;
}

/** The statement of a new cell. A single-record folder also has its wrap. */
interface SignedCell {
  readonly made: Statement<'folder'>;
  readonly wrap?: WrapBody;
}

/** Maximum length of a sealed name, bytes. */
const LONGEST_NAME = 2160;

/**
 * Signs the statement of a folder's first or next epoch. Each epoch has a fresh salt, and so a fresh key.
 * @throws {ClientError} `bad-argument` for a name that is too long to seal
 */
export const signCell = async (
  ctx: Context,
  { folder, category, name, last, single }: NewCell,
): Promise<SignedCell> => {
  const epoch = (last?.payload.epoch ?? 0) + 1;
  const salt = ctx.platform.rng(16);
  const sealed = sealText(folderNameContext(ctx, folder), name, ctx.keys.inbox().publicKey, ctx.platform.rng);
  if (sealed.length > LONGEST_NAME) throw new ClientError('bad-argument', 'the name of the folder is too long');
  const cell = {
    patient: ctx.keys.id,
    folder,
    epoch,
    salt: toBase64url(salt),
    key: publicKeyText(ctx.keys.folderKey(folder, epoch, salt)),
    companion: toBase64url(decapsulator(ctx.keys.companionSeed(folder, epoch, salt)).publicKey),
    category,
    name: toBase64url(sealed),
    ...(last === undefined ? {} : { previous: last.hash }),
    issued: ctx.now(),
  };
  if (single === undefined) return { made: await signStatement('folder', cell, ctx.keys) };
  const { record, version, content } = single;
  const wrap = await wrapFor(ctx, cell, { patient: ctx.keys.id, record, version }, content);
  const named = { record, version, label: toBase64url(labelHash(wrap.companionCiphertext, wrap.label)) };
  return { made: await signStatement('folder', { ...cell, single: named }, ctx.keys), wrap: wrapBody(wrap) };
};

export interface CellPlan {
  /** Decides, by the access that the patient gave, which cell to make, or returns the cell that exists already. */
  readonly next: (given: GivenAccess) => NewCell | { readonly done: Statement<'folder'> };
}

/** Returns the plan of a new folder. An earlier try may have stored the folder and then ended with an error. In this case the plan returns the stored cell. */
export const newFolder = (cell: NewCell): CellPlan => ({
  next: ({ folders }) => {
    const made = folders.get(cell.folder)?.at(-1);
    return made === undefined ? cell : { done: made };
  },
});

/** Signs a cell, stores it, and carries grants over to it. */
export const putCell = async (ctx: Context, { next }: CellPlan, options: CallOptions): Promise<Statement<'folder'>> => {
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
    const { made, wrap } = await signCell(ctx, plan);
    const grants = grantsToCarry(ctx, given, made.payload, ended);
    rest = grants.slice(MOST_CARRIED);
    const extensions: SignedExtension[] = [];
    for (const grant of grants.slice(0, MOST_CARRIED)) extensions.push(await extensionOf(ctx, grant, [made]));
    const send = async (entry: EntryBody) => {
      const body = {
        statement: made.jws,
        ...(wrap === undefined ? {} : { wrap }),
        ...(extensions.length === 0 ? {} : { extensions: extensions.map((e) => e.body) }),
        ...entry,
      };
      await ctx.call('create-folder', { params: { folderId: made.payload.folder }, body }, options);
      ctx.memory.noteFolder(made);
      return made;
    };
    return { statements: [made, ...extensions.map((e) => e.statement)], send };
  }, options);
  for (const grant of rest) await extendAll(ctx, grant.statement.payload.grant, [cell], options);
  return cell;
};
