// Extends grants to read by further cells: signs extensions of at most 80 cells each, and sends them.
import type { Body } from '../../api/routes.ts';
import type { GrantId } from '../../bytes/ids.ts';
import { MOST_CELLS } from '../../statements/fields.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { cellsOf, tipOf, type GivenGrant } from '../chain/given-access.ts';
import type { EntryBody } from '../chain/statement-chain.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { delegate, seedsFor } from './delegation.ts';
import { goesOn } from './goes-on.ts';
import { verifyGrant, type GrantView } from './verify-grant.ts';

export type ExtensionBody = Pick<Body<'extend-grant'>, 'statement' | 'kfrags'>;

/** A signed extension, and the body of the request that sends it with its key fragments. */
export interface SignedExtension {
  readonly statement: Statement<'extension'>;
  readonly body: ExtensionBody;
}

/** Signs the next extension of a grant, for at most 80 cells. */
export const extensionOf = async (
  ctx: Context,
  grant: GivenGrant,
  cells: readonly Statement<'folder'>[],
): Promise<SignedExtension> => {
  const { payload: given } = grant.statement;
  const delegated = cells.map((c) => delegate(ctx, c, given.receiving.key));
  const { inbox } = given;
  check('grant', inbox !== undefined);
  const number = grant.extensions.length + 1;
  const payload: Payload<'extension'> = {
    patient: ctx.keys.id,
    grant: given.grant,
    number,
    previous: tipOf(grant),
    cells: delegated.map((d) => d.cell),
    companions: await seedsFor(ctx, cells, inbox, {
      recipient: given.recipient,
      grant: given.grant,
      extension: number,
    }),
    issued: ctx.now(),
  };
  const statement = await signStatement('extension', payload, ctx.keys);
  return { statement, body: { statement: statement.jws, kfrags: delegated.map((d) => d.kfrag) } };
};

/** Adds the cells that the grant lacks, at most 80. @returns undefined if the grant lacks none of the cells, or has ended */
const extend = (
  ctx: Context,
  id: GrantId,
  cells: readonly Statement<'folder'>[],
  options: CallOptions,
): Promise<GrantView | undefined> =>
  ctx.chain.append(async ({ grants }) => {
    const grant = grants.get(id);
    if (grant === undefined) throw new ClientError('not-mine', 'the chain of statements has no such grant');
    // The grant may have ended since the caller chose it, also by a revocation that the service refused.
    if (!goesOn(ctx)(grant)) return { done: undefined };
    const has = new Set(cellsOf(grant).map((c) => c.statement));
    const lacking = cells.filter((c) => !has.has(c.hash));
    if (lacking.length === 0) return { done: undefined };
    const { statement, body } = await extensionOf(ctx, grant, lacking);
    const send = async (entry: EntryBody) => {
      const view = await ctx.call('extend-grant', { params: { grantId: id }, body: { ...body, ...entry } }, options);
      await verifyGrant(ctx, { ...view, statement: grant.statement.jws }, ctx.keys.id);
      return view;
    };
    return { statements: [statement], send };
  }, options);

/** Adds any number of cells, with as many extensions as needed. @returns the last answer; undefined if the grant lacked none of the cells */
export const extendAll = async (
  ctx: Context,
  id: GrantId,
  cells: readonly Statement<'folder'>[],
  options: CallOptions,
): Promise<GrantView | undefined> => {
  let view: GrantView | undefined;
  for (let i = 0; i < cells.length; i += MOST_CELLS)
    view = (await extend(ctx, id, cells.slice(i, i + MOST_CELLS), options)) ?? view;
  return view;
};
