// Extends grants to read by further cells, at most 80 in each extension: signs the extensions, and sends them.
import { delegate } from './delegation.ts';
import { MOST_CELLS } from '../../statements/fields.ts';
import type { Statement, Payload } from '../../statements/kinds.ts';
import type { Context } from '../session/context.ts';
import type { CallOptions } from '../session/transport.ts';
import { verifyGrant, type Grant } from './verify-grant.ts';
import type { Body } from '../../api/routes.ts';
import type { GrantId } from '../../bytes/ids.ts';
import { signStatement } from '../../statements/sign.ts';

export type ExtensionBody = Body<'extend-grant'>;

/** The parts of a grant that its next extension needs. */
interface Extendable {
  readonly id: GrantId;
  readonly statement: Statement<'grant'>;
  readonly extensions: number;
  readonly tip: string;
}

/** Signs the next extension of a grant, for at most 80 cells. */
export const extensionOf = async (
  ctx: Context,
  { id, statement, extensions, tip }: Extendable,
  cells: readonly Statement<'folder'>[],
): Promise<ExtensionBody> => {
  const delegated = cells.map((c) => delegate(ctx, c, statement.payload.receiving.key));
  const payload: Payload<'extension'> = {
    patient: ctx.keys.id,
    grant: id,
    number: extensions + 1,
    previous: tip,
    cells: delegated.map((d) => d.cell),
    issued: ctx.now(),
  };
  const { jws } = await signStatement('extension', payload, ctx.keys);
  return { statement: jws, kfrags: delegated.map((d) => d.kfrag) };
};

/** Adds cells to a grant. @returns the grant after the extension */
export const extend = async (
  ctx: Context,
  grant: Grant,
  cells: readonly Statement<'folder'>[],
  options: CallOptions,
): Promise<Grant> => {
  const body = await extensionOf(ctx, grant, cells);
  const view = await ctx.call('extend-grant', { params: { grantId: grant.id }, body }, options);
  return verifyGrant(ctx, { ...view, statement: grant.statement.jws }, ctx.keys.id);
};

/** Adds any number of cells, by as many extensions as that takes. */
export const extendAll = async (
  ctx: Context,
  given: Grant,
  cells: readonly Statement<'folder'>[],
  options: CallOptions,
): Promise<Grant> => {
  let grant = given;
  for (let i = 0; i < cells.length; i += MOST_CELLS)
    grant = await extend(ctx, grant, cells.slice(i, i + MOST_CELLS), options);
  return grant;
};
