// Carries grants over: finds the grants that continue after a new epoch, and gives them the cells of the folder that they do not read yet. Every step
// may stop at any point and can be repeated.
import { AppError } from '../../api/errors.ts';
import { takesIn } from '../../domain/grant.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { grantHistory } from '../audit/grant-history.ts';
import { listOwnCells, type Folder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { extendAll } from './extend-grant.ts';
import { fetchGrant, hasNotEnded, verifyGrant, type Grant } from './grants.ts';

/**
 * Selects the grants that are carried over: those that continue as the service says, and have not ended as far as this client knows itself. A service
 * that calls a revoked grant active must not be handed the next epoch for it.
 */
export const isCarriedOver = (ctx: Context): ((grant: Grant) => boolean) => {
  const { ended, opened } = grantHistory(ctx.trail.entries());
  const isUsedUp = (g: Grant): boolean => (opened.get(g.id) ?? 0) >= (g.statement.payload.openings ?? Infinity);
  return (g) =>
    hasNotEnded(g) && g.expires > ctx.clock.latest() && !ctx.memory.isRevoked(g.id) && !ended.has(g.id) && !isUsedUp(g);
};

/** Grants that read a cell and have not ended. Verified: own signature. */
export const readersOf = async (
  ctx: Context,
  cell: Payload<'folder'>,
  options: CallOptions,
): Promise<readonly Grant[]> => {
  const { folder, epoch } = cell;
  const views = await all(
    (cursor) => ctx.call('list-cell-grants', { params: { folderId: folder, epoch }, query: cursor }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v, ctx.keys.id)));
  const goes = isCarriedOver(ctx);
  return grants.filter((g) => goes(g) && takesIn(g.statement.payload, cell));
};

/** Standing grants that a new folder is to be carried into. */
export const standingGrantsFor = async (
  ctx: Context,
  cell: Statement<'folder'>,
  options: CallOptions,
): Promise<readonly Grant[]> => {
  const views = await all(
    (cursor) => ctx.call('list-grants', { query: { ...cursor, as: 'patient', state: 'standing' } }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v, ctx.keys.id)));
  const goes = isCarriedOver(ctx);
  return grants.filter((g) => goes(g) && takesIn(g.statement.payload, cell.payload));
};

interface Missing {
  readonly grant: Grant;
  readonly cells: readonly Statement<'folder'>[];
}

/** Grants that read a folder, or are to stand over it, with the cells of it that they do not read yet. */
const missing = async (ctx: Context, folder: Folder, options: CallOptions): Promise<readonly Missing[]> => {
  const cells = await listOwnCells(ctx, folder.id, options);
  const grants = new Map((await standingGrantsFor(ctx, folder.statement, options)).map((g) => [g.id, g]));
  const read = new Set<string>();
  for (const { payload } of cells)
    for (const grant of await readersOf(ctx, payload, options)) {
      grants.set(grant.id, grant);
      read.add(`${grant.id}#${payload.epoch}`);
    }
  return [...grants.values()]
    .map((grant) => ({ grant, cells: cells.filter((c) => !read.has(`${grant.id}#${c.payload.epoch}`)) }))
    .filter((m) => m.cells.length > 0);
};

/** Grants that were not carried into every cell of the folder that they are to read. */
export const outstanding = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<readonly Grant[]> =>
  (await missing(ctx, folder, options)).map((m) => m.grant);

/** What is missing by the items of the grant itself: the list that named the cells may lag behind them. */
const stillMissing = async (ctx: Context, { grant, cells }: Missing, options: CallOptions): Promise<Missing> => {
  const now = await fetchGrant(ctx, grant.id, ctx.keys.id, options);
  const has = new Set(now.cells.map((c) => c.statement.hash));
  return { grant: now, cells: cells.filter((c) => !has.has(c.hash)) };
};

const isThere = (error: unknown): boolean => error instanceof AppError && error.code === 'already-exists';

/** Carries what is outstanding. @returns how many grants were carried */
export const carryOver = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<number> => {
  let carried = 0;
  for (const left of await missing(ctx, folder, options)) {
    // It may have been revoked while the service took its time.
    if (!isCarriedOver(ctx)(left.grant)) continue;
    const extended = await extendAll(ctx, left.grant, left.cells, options).catch(async (error: unknown) => {
      if (!isThere(error)) throw error;
      const rest = await stillMissing(ctx, left, options);
      return rest.cells.length > 0 && isCarriedOver(ctx)(rest.grant) && extendAll(ctx, rest.grant, rest.cells, options);
    });
    if (extended !== false) carried += 1;
  }
  return carried;
};
