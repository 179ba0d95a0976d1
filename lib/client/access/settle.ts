// Settles grants that have ended: closes the cells that they were given, by new epochs of the folders. Every step may stop at any point and can be
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
import { fetchGrant, verifyGrant } from './grants.ts';
import { startEpoch } from './start-epoch.ts';

/** What is wrong with one folder or grant. @throws what would be wrong with any: no answer, and what was broken off */
const ofThisOne = (error: unknown): ClientError | AppError => {
  if (error instanceof ClientError && error.code !== 'network') return error;
  if (error instanceof AppError && error.code !== 'busy' && error.code !== 'too-many') return error;
  throw error;
};

/**
 * Closes the cells of one grant. One that cannot be closed keeps no other open; the grant stays to be settled then.
 * @returns why cells could not be closed
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
      // The list may lag: a cell is not left open because its folder is not in it.
      const folder = folders.get(name) ?? (await ownFolder(ctx, name, options));
      folders.set(name, folder);
      if (folder.epoch !== epoch || folder.statement.payload.single !== undefined) continue;
      folders.set(name, await startEpoch(ctx, folder, options));
    } catch (error) {
      failures.push(ofThisOne(error));
    }
  if (failures.length > 0) return failures;
  if (isNamed) await ctx.call('settle-grant', { params: { grantId: id }, body: {} }, options);
  ctx.memory.noteClosed(id);
  return [];
};

/**
 * Closes what grants that have ended were given: revoked, expired or used up. Asked before everything that files or grants, so that nothing is
 * added to a cell whose key somebody still has who should not. What this client revoked itself is closed even if the service does not name it.
 * What cannot be closed is thrown after everything else was.
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
      failures.push(ofThisOne(error));
    }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
};
