// Settles ended grants: closes the cells that they could read, by starting a new epoch of each folder. Each step may fail at any point, and can then be
// repeated.
import { AppError } from '../../api/errors.ts';
import type { FolderId, GrantId } from '../../bytes/ids.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import type { GrantCell } from '../../statements/kinds.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import { cellsOf } from '../chain/given-access.ts';
import type { KnownAccess } from '../chain/statement-chain.ts';
import { ownFolder } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { goesOn } from './carry-over.ts';
import { verifyGrant } from './verify-grant.ts';
import { startEpoch } from './start-epoch.ts';

/** Lists the cells that the statements of pending entries name. The service may have key fragments for these cells. */
const pendingCells = async (ctx: Context, { pending }: KnownAccess): Promise<readonly GrantCell[]> => {
  const named: GrantCell[] = [];
  for (const jws of pending.flatMap((p) => p.statements)) {
    const { kind } = claimOf(jws);
    if (kind !== 'grant' && kind !== 'extension') continue;
    named.push(...(await verifyStatement(kind, jws, ctx.keys.id)).payload.cells.filter((c) => c.kfrags.length > 0));
  }
  return named;
};

/**
 * Lists the folders whose newest cell must be closed, because an ended grant to read, a void statement or a pending statement names the cell.
 * @param ended the grants that the service reports as ended
 */
export const foldersToClose = async (
  ctx: Context,
  given: KnownAccess,
  ended: ReadonlySet<GrantId>,
): Promise<ReadonlySet<FolderId>> => {
  const { folders, grants, voided } = given;
  const isLive = goesOn(ctx);
  const over = [...grants].filter(
    ([id, g]) => RIGHT_FACTS[g.statement.payload.right].needsKeyFragments && (ended.has(id) || !isLive(g)),
  );
  const named = [
    ...over.flatMap(([, g]) => cellsOf(g)),
    ...voided.flatMap((v) => v.payload.cells.filter((c) => c.kfrags.length > 0)),
    ...(await pendingCells(ctx, given)),
  ];
  // A void extension may name a cell that is not in the chain, because the chain has another cell of the same epoch.
  const isNewest = ({ folder, statement }: GrantCell): boolean => {
    const last = folders.get(folder)?.at(-1);
    return last?.hash === statement && last.payload.single === undefined;
  };
  return new Set(named.filter(isNewest).map((c) => c.folder));
};

/** Returns the error if it concerns only one folder or grant. @throws any other error: no answer, a busy service, an abort */
const ofOneFolder = (error: unknown): ClientError | AppError => {
  if (error instanceof ClientError && error.code !== 'network') return error;
  if (error instanceof AppError && error.code !== 'busy' && error.code !== 'too-many') return error;
  throw error;
};

/** Lists the grants that the service reports as ended and not settled. The patient must have signed each of them, but the chain need not contain it. */
const saidToBeUnsettled = async (ctx: Context, options: CallOptions): Promise<readonly GrantId[]> => {
  const views = await all(
    (cursor) => ctx.call('list-grants', { query: { ...cursor, as: 'patient', state: 'unsettled' } }, options),
    (page) => page.grants,
  );
  return Promise.all(views.map(async (view) => (await verifyGrant(ctx, view, ctx.keys.id)).id));
};

/**
 * Settles all grants that ended. It runs before every filing and granting, so that no record is added to a cell that an ended grant could read. The client
 * finds the ended grants in the chain of statements, by the clock and in the verified trail; the service can only name further ones.
 * @throws the first error, after all other cells were closed
 */
export const settleEnds = async (ctx: Context, options: CallOptions = {}): Promise<void> => {
  const [given, unsettled] = await Promise.all([ctx.chain.sync(options), saidToBeUnsettled(ctx, options)]);
  const ended = new Set(unsettled);
  const failures: Error[] = [];
  for (const id of await foldersToClose(ctx, given, ended))
    try {
      await startEpoch(ctx, await ownFolder(ctx, id, options), options);
    } catch (error) {
      failures.push(ofOneFolder(error));
    }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  for (const id of unsettled) await ctx.call('settle-grant', { params: { grantId: id }, body: {} }, options);
};
