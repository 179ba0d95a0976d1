// Extends grants to read by further cells, at most 80 in each extension.
import { MOST_CELLS } from '../../statements/fields.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { Context } from '../session/context.ts';
import type { CallOptions } from '../session/transport.ts';
import { extensionOf } from './delegation.ts';
import { verifyGrant, type Grant } from './grants.ts';

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
