// Settles ended grants: closes the cells that they could read, by starting a new epoch of each folder. Each step may fail at any point, and can then be
// repeated.
import { AppError } from '../../api/errors.ts';
import type { FolderId, GrantId } from '../../bytes/ids.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import type { GrantCell } from '../../statements/kinds.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import { cellsOf, type GivenAccess } from '../chain/given-access.ts';
import type { KnownAccess } from '../chain/statement-chain.ts';
import { folderIn } from '../records/folders.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { goesOn } from './goes-on.ts';
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
  // Only the newest cell of a folder is closed. A void extension may name a cell that is not in the chain, because the chain has another
  // cell of the same epoch.
  const isNewest = ({ folder, statement }: GrantCell): boolean => {
    const last = folders.get(folder)?.at(-1);
    return last?.hash === statement && last.payload.single === undefined;
  };
  return new Set(named.filter(isNewest).map((c) => c.folder));
};

/** A folder whose newest cell could not be closed, although an ended grant, or a void or pending statement, names it. */
export interface OpenFolder {
  readonly folder: FolderId;
  readonly error: ClientError | AppError;
}

/** The error for an act that needs folders whose cells could not be closed. `cause` is the error of the first one. */
export class CellsOpenError extends ClientError {
  readonly folders: readonly [OpenFolder, ...OpenFolder[]];
  constructor(folders: CellsOpenError['folders']) {
    const [{ error }] = folders;
    const what = error instanceof ClientError ? error.what : undefined;
    super('cells-open', `an ended grant can still read ${folders.length} of the folders: ${error.message}`, what, {
      cause: error,
    });
    this.folders = folders;
  }
}

/** Refuses an act that needs these folders. @throws {CellsOpenError} if the newest cell of one of them could not be closed */
export const assertClosed = (open: readonly OpenFolder[], needed: readonly FolderId[]): void => {
  const [first, ...rest] = open.filter((o) => needed.includes(o.folder));
  if (first !== undefined) throw new CellsOpenError([first, ...rest]);
};

/** Codes of refusals that do not concern one folder alone. */
const OF_ALL: ReadonlySet<string> = new Set(['busy', 'too-many', 'chain-moved', 'network']);

/** Returns the error if it concerns only one folder. @throws any other error: no answer, a busy service, an unreadable chain, an abort */
const ofOneFolder = (error: unknown): ClientError | AppError => {
  const isOwn = error instanceof AppError || (error instanceof ClientError && error.what !== 'chain');
  if (isOwn && !OF_ALL.has(error.code)) return error;
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

/** The chain of statements after cells were closed, and the folders whose cells could not be closed. */
export interface ClosedCells {
  readonly given: GivenAccess;
  readonly open: readonly OpenFolder[];
}

/**
 * Settles all grants that ended. It runs before every filing and granting, so that no record is added to a cell that an ended grant could read. The client
 * finds the ended grants in the chain of statements, by the clock and in the verified trail; the service can only name further ones. If the cell of one
 * folder cannot be closed, the client still closes those of the other folders; the caller refuses an act only if it needs that folder ({@link assertClosed}).
 */
export const closeCells = async (ctx: Context, options: CallOptions = {}): Promise<ClosedCells> => {
  const [read, unsettled] = await Promise.all([ctx.chain.sync(options), saidToBeUnsettled(ctx, options)]);
  const open: OpenFolder[] = [];
  for (const id of await foldersToClose(ctx, read, new Set(unsettled)))
    try {
      await startEpoch(ctx, await folderIn(ctx, await ctx.chain.state(options), id), options);
    } catch (error) {
      open.push({ folder: id, error: ofOneFolder(error) });
    }
  // The service settles a grant only after all its cells were closed.
  if (open.length === 0)
    for (const id of unsettled) await ctx.call('settle-grant', { params: { grantId: id }, body: {} }, options);
  return { given: await ctx.chain.state(options), open };
};

/** Settles all grants that ended. @throws {CellsOpenError} if a cell could not be closed; the other cells are closed nevertheless */
export const settleEnds = async (ctx: Context, options: CallOptions = {}): Promise<void> => {
  const { open } = await closeCells(ctx, options);
  assertClosed(
    open,
    open.map((o) => o.folder),
  );
};
