// Settles ended grants: closes the cells that they could read, by starting a new epoch of each folder. Each step may fail at any point, and can then be
// repeated.
import { AppError } from '../../api/errors.ts';
import type { FolderId, GrantId } from '../../bytes/ids.ts';
import { statementHash } from '../../statements/verify.ts';
import { grantHistory } from '../audit/grant-history.ts';
import { listFolders, ownFolder, type Folder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { fetchGrant } from './fetch-grants.ts';
import { verifyGrant } from './verify-grant.ts';
import { startEpoch } from './start-epoch.ts';

/** Returns an error that concerns only one folder or grant. @throws any other error: no answer, a busy service, an abort */
const failureOfOne = (error: unknown): ClientError | AppError => {
  if (error instanceof ClientError && error.code !== 'network') return error;
  if (error instanceof AppError && error.code !== 'busy' && error.code !== 'too-many') return error;
  throw error;
};

/**
 * Closes the cells of one grant. A cell that cannot be closed does not stop the others; the grant then stays unsettled.
 * @returns one error for each cell that could not be closed
 */
const close = async (
  ctx: Context,
  id: GrantId,
  { folders, isNamed }: { readonly folders: Map<FolderId, Folder>; readonly isNamed: boolean },
  options: CallOptions,
): Promise<readonly Error[]> => {
  const failures: Error[] = [];
  const { cells } = await fetchGrant(ctx, id, ctx.keys.id, options);
  const named = new Set([...cells.map((c) => statementHash(c.by)), ...cells.map((c) => c.statement.hash)]);
  const known = grantHistory(ctx.trail.entries()).extensions.get(id) ?? [];
  check(
    'extension',
    known.every((hash) => named.has(hash)),
  );
  for (const { folder: name, epoch } of cells)
    try {
      // The list may lag, so a folder that is not in it is fetched by id.
      const folder = folders.get(name) ?? (await ownFolder(ctx, name, options));
      folders.set(name, folder);
      if (folder.epoch !== epoch || folder.statement.payload.single !== undefined) continue;
      folders.set(name, await startEpoch(ctx, folder, options));
    } catch (error) {
      failures.push(failureOfOne(error));
    }
  if (failures.length > 0) return failures;
  if (isNamed) await ctx.call('settle-grant', { params: { grantId: id }, body: {} }, options);
  ctx.memory.noteClosed(id);
  return [];
};

/**
 * Settles all grants that were revoked or returned, expired or exhausted. It runs before every filing and granting, so that no record is added to a
 * cell that an ended grant could read. Grants that this client revoked are settled even if the service does not list them.
 * @throws the first error, after all other cells were closed
 */
export const settleEnds = async (ctx: Context, options: CallOptions = {}): Promise<void> => {
  const views = await all(
    (cursor) => ctx.call('list-grants', { query: { ...cursor, as: 'patient', state: 'unsettled' } }, options),
    (page) => page.grants,
  );
  const named = new Set<GrantId>();
  for (const view of views) named.add((await verifyGrant(ctx, view, ctx.keys.id)).id);
  const ended = new Set([...named, ...ctx.memory.toClose()]);
  if (ended.size === 0) return;
  const folders = new Map((await listFolders(ctx, options)).map((f) => [f.id, f]));
  const failures: Error[] = [];
  for (const id of ended)
    try {
      failures.push(...(await close(ctx, id, { folders, isNamed: named.has(id) }, options)));
    } catch (error) {
      failures.push(failureOfOne(error));
    }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
};
