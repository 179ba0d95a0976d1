// Carries grants over to new epochs: finds the grants that continue, and extends them by the cells that they lack. Each step may fail at any point, and can
// then be repeated.
import type { GrantId } from '../../bytes/ids.ts';
import { takesIn, type FolderFacts } from '../../domain/grant.ts';
import type { Statement } from '../../statements/kinds.ts';
import { cellsOf, type GivenAccess, type GivenGrant } from '../chain/given-access.ts';
import type { Folder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { extendAll } from './extend-grant.ts';
import { askAbout, fetchGivenGrant } from './given-grants.ts';
import { goesOn } from './goes-on.ts';
import { hasNotEnded, type Grant, type GrantView } from './verify-grant.ts';

const idOf = ({ statement: { payload } }: GivenGrant): GrantId => payload.grant;

/** Lists the grants of the chain that should read the cells of a folder and have not ended. */
const continuing = (ctx: Context, { grants }: GivenAccess, folder: FolderFacts): readonly GivenGrant[] => {
  const isLive = goesOn(ctx);
  return [...grants.values()].filter((g) => isLive(g) && takesIn(g.statement.payload, folder));
};

/** The last cell of a folder. The client asks the service for the grants of this cell. Undefined for a new folder. */
type LastCell = Statement<'folder'> | undefined;

/**
 * Leaves out the grants that the service reports as returned or exhausted. The service's answer can end a grant for this client, but cannot prolong one. The
 * client asks by id for a grant that the service leaves out of its lists.
 */
const withoutEnded = async (
  ctx: Context,
  grants: readonly GivenGrant[],
  last: LastCell,
  options: CallOptions,
): Promise<readonly GivenGrant[]> => {
  if (grants.length === 0) return [];
  const lists = [
    all(
      (cursor) => ctx.call('list-grants', { query: { ...cursor, as: 'patient', state: 'standing' } }, options),
      (page) => page.grants,
    ),
    ...(last === undefined ? [] : [readersOf(ctx, last, options)]),
  ];
  const byStatement = new Map((await Promise.all(lists)).flat().map((view) => [view.statement, view]));
  const left: GivenGrant[] = [];
  for (const grant of grants) {
    const view = byStatement.get(grant.statement.jws) ?? (await askAbout(ctx, grant, options));
    if (hasNotEnded(view)) left.push(grant);
  }
  return left;
};

const readersOf = (
  ctx: Context,
  { payload }: Statement<'folder'>,
  options: CallOptions,
): Promise<readonly GrantView[]> =>
  all(
    (cursor) =>
      ctx.call(
        'list-cell-grants',
        { params: { folderId: payload.folder, epoch: payload.epoch }, query: cursor },
        options,
      ),
    (page) => page.grants,
  );

/** Returns the ids of the grants that should read a folder and that the service reports as ended. */
export const saidToHaveEnded = async (
  ctx: Context,
  given: GivenAccess,
  folder: FolderFacts,
  options: CallOptions,
): Promise<ReadonlySet<GrantId>> => {
  const asked = continuing(ctx, given, folder);
  const left = new Set(await withoutEnded(ctx, asked, given.folders.get(folder.folder)?.at(-1), options));
  return new Set(asked.filter((grant) => !left.has(grant)).map(idOf));
};

/** Lists the grants of the chain that have not ended and that must get a new cell. @param ended the grants that {@link saidToHaveEnded} returned */
export const grantsToCarry = (
  ctx: Context,
  given: GivenAccess,
  folder: FolderFacts,
  ended: ReadonlySet<GrantId>,
): readonly GivenGrant[] => continuing(ctx, given, folder).filter((grant) => !ended.has(idOf(grant)));

interface Missing {
  readonly grant: GivenGrant;
  readonly cells: readonly Statement<'folder'>[];
}

/** Lists the grants that cover a folder, each with the cells of the folder that it lacks. */
const missing = async (ctx: Context, { id, statement }: Folder, options: CallOptions): Promise<readonly Missing[]> => {
  const given = await ctx.chain.state(options);
  const cells = given.folders.get(id) ?? [];
  const found = continuing(ctx, given, statement.payload).map((grant) => {
    const has = new Set(cellsOf(grant).map((c) => c.statement));
    return { grant, cells: cells.filter((c) => !has.has(c.hash)) };
  });
  const lacking = found.filter((m) => m.cells.length > 0);
  const left = new Set(
    await withoutEnded(
      ctx,
      lacking.map((m) => m.grant),
      cells.at(-1),
      options,
    ),
  );
  return lacking.filter((m) => left.has(m.grant));
};

/** Lists the outstanding grants of a folder: each lacks at least one cell that it should have. */
export const outstanding = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<readonly Grant[]> =>
  Promise.all((await missing(ctx, folder, options)).map((m) => fetchGivenGrant(ctx, idOf(m.grant), options)));

/** Carries over all outstanding grants of a folder. @returns how many grants it extended */
export const carryOver = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<number> => {
  let carried = 0;
  for (const { grant, cells } of await missing(ctx, folder, options))
    if ((await extendAll(ctx, idOf(grant), cells, options)) !== undefined) carried += 1;
  return carried;
};
