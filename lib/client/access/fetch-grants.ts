// Fetches and verifies the grants of a recipient: one grant with its cells, or a list of grants.
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

/** Lists the grants that the caller received. @throws {ClientError} `unverified` (`grant`), `not-mine` */
export const listReceivedGrants = async (
  ctx: Context,
  state?: GrantFilter,
  options: CallOptions = {},
): Promise<readonly Grant[]> => {
  const query = { as: 'recipient', ...(state === undefined ? {} : { state }) } as const;
  const views = await all(
    (cursor) => ctx.call('list-grants', { query: { ...cursor, ...query } }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v)));
  if (grants.some((g) => g.recipient !== ctx.keys.id))
    throw new ClientError('not-mine', 'a grant of others in the list');
  return grants;
};
