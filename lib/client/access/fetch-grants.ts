// Fetches one grant with its cells, or lists grants, and verifies them.
import {
  verifyCells,
  verifyFolderNow,
  verifyGrant,
  type Grant,
  type GrantView,
  type GrantWithCells,
} from './verify-grant.ts';
import type { GrantId, IdentityId } from '../../bytes/ids.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError, unverified } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';

/** Fetches and verifies a grant with its cells. @throws {ClientError} `unverified`, also if the service leaves out a cell; `not-mine` */
export const fetchGrant = async (
  ctx: Context,
  id: GrantId,
  patient?: IdentityId,
  options: CallOptions = {},
): Promise<GrantWithCells> => {
  let view: GrantView | undefined;
  const views = await all(
    async (cursor) => {
      const page = await ctx.call('get-grant', { params: { grantId: id }, query: cursor }, options);
      view ??= page;
      return page;
    },
    (page) => page.cells,
  );
  if (view === undefined) throw unverified('grant');
  const grant = await verifyGrant(ctx, view, patient);
  check('grant', grant.id === id);
  const cells = RIGHT_FACTS[grant.right].needsKeyFragments
    ? await verifyCells(grant, views)
    : [await verifyFolderNow(ctx, grant, views)];
  return { ...grant, cells };
};

export type GrantFilter = 'active' | 'paused' | 'expired' | 'revoked';

export const listGrants = async (
  ctx: Context,
  as: 'patient' | 'recipient',
  state?: GrantFilter,
  options: CallOptions = {},
): Promise<readonly Grant[]> => {
  const views = await all(
    (cursor) =>
      ctx.call('list-grants', { query: { ...cursor, as, ...(state === undefined ? {} : { state }) } }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v, as === 'patient' ? ctx.keys.id : undefined)));
  if (grants.some((g) => g[as] !== ctx.keys.id)) throw new ClientError('not-mine', 'a grant of others in the list');
  return grants;
};
