// Carries grants over to new epochs: finds the grants that continue, and extends them by the cells that they lack. Each step can fail at any point
// and can be repeated.
import { AppError } from '../../api/errors.ts';
import { takesIn } from '../../domain/grant.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { grantHistory } from '../audit/grant-history.ts';
import { listOwnCells, type Folder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { extendAll } from './extend-grant.ts';
import { fetchGrant } from './fetch-grants.ts';
import { hasNotEnded, verifyGrant, type Grant } from './verify-grant.ts';

/**
 * Selects the grants to carry over: the service says that they have not ended, and this client knows of no end. A service that reports a revoked
 * grant as active must not get key fragments of the next epoch for it.
 */
export const isCarriedOver = (ctx: Context): ((grant: Grant) => boolean) => {
  const { ended, opened } = grantHistory(ctx.trail.entries());
  const isUsedUp = (g: Grant): boolean => (opened.get(g.id) ?? 0) >= (g.statement.payload.openings ?? Infinity);
  return (g) =>
    hasNotEnded(g) && g.expires > ctx.clock.latest() && !ctx.memory.isRevoked(g.id) && !ended.has(g.id) && !isUsedUp(g);
};

/** Lists the grants that can read a cell and have not ended. Verified: the patient's own signature. */
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

/** Lists the standing grants that cover a new folder. */
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

/** Lists the grants that cover a folder, each with the cells of the folder that it lacks. */
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

/** Lists the outstanding grants of a folder: each lacks at least one cell that it should have. */
export const outstanding = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<readonly Grant[]> =>
  (await missing(ctx, folder, options)).map((m) => m.grant);

/** Finds the missing cells from the grant itself, because the list of grants per cell may lag behind. */
const stillMissing = async (ctx: Context, { grant, cells }: Missing, options: CallOptions): Promise<Missing> => {
  const now = await fetchGrant(ctx, grant.id, ctx.keys.id, options);
  const has = new Set(now.cells.map((c) => c.statement.hash));
  return { grant: now, cells: cells.filter((c) => !has.has(c.hash)) };
};

const isAlreadyStored = (error: unknown): boolean => error instanceof AppError && error.code === 'already-exists';

/** Carries over all outstanding grants of a folder. @returns how many grants it extended */
export const carryOver = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<number> => {
  let carried = 0;
  for (const left of await missing(ctx, folder, options)) {
    // This client may have revoked the grant since it fetched the list.
    if (!isCarriedOver(ctx)(left.grant)) continue;
    const extended = await extendAll(ctx, left.grant, left.cells, options).catch(async (error: unknown) => {
      if (!isAlreadyStored(error)) throw error;
      const rest = await stillMissing(ctx, left, options);
      return rest.cells.length > 0 && isCarriedOver(ctx)(rest.grant) && extendAll(ctx, rest.grant, rest.cells, options);
    });
    if (extended !== false) carried += 1;
  }
  return carried;
};
