// What the patient's client does when a grant to read has ended: it closes the cells that the grant was given, by new epochs of their folders, and
// carries the grants that go on into the new cells. Everything here may break off anywhere and be done again.
import type { FolderId, GrantId } from '../../bytes/ids.ts';
import type { EventKind } from '../../domain/audit-chain.ts';
import { AppError } from '../../api/errors.ts';
import { toBase64url } from '../../bytes/codec.ts';
import { takesIn } from '../../domain/grant.ts';
import { sealText } from '../../envelope/sealed-text.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { statementHash } from '../../statements/verify.ts';
import { publicKeyOf } from '../../umbral/keys.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError } from '../session/errors.ts';
import { extensionOf, type ExtensionBody } from './delegation.ts';
import { listFolders, listOwnCells, ownFolder, placeOf, type Folder } from '../records/folders.ts';
import { fetchGrant, goesOn, verifyGrant, type Grant } from './grants.ts';
import { publicKeyText } from '../identities/identities.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';

/** Grants that are carried into a new cell in the call that makes it; the others follow one by one. */
const AT_ONCE = 40;

/** Cells in one grant or extension. */
export const MOST_CELLS = 80;

export interface Making {
  readonly folder: FolderId;
  readonly category: Payload<'folder'>['category'];
  readonly name: string;
  /** Of the epoch before. */
  readonly last?: Statement<'folder'>;
  readonly single?: Payload<'folder'>['single'];
}

/** Longest sealed name, bytes. */
const LONGEST_NAME = 1024;

/**
 * Signs the statement of a folder's first or next epoch, with a fresh salt and so a fresh key.
 * @throws {ClientError} `bad-argument` for a name that is too long to seal
 */
export const signCell = async (ctx: Context, { folder, category, name, last, single }: Making) => {
  const epoch = (last?.payload.epoch ?? 0) + 1;
  const salt = ctx.world.rng(16);
  const sealed = sealText(placeOf(ctx, folder), name, publicKeyOf(ctx.keys.inbox), ctx.world.rng);
  if (sealed.length > LONGEST_NAME) throw new ClientError('bad-argument', 'the name of the folder is too long');
  const payload: Payload<'folder'> = {
    patient: ctx.keys.id,
    folder,
    epoch,
    salt: toBase64url(salt),
    key: publicKeyText(ctx.keys.folderKey(folder, epoch, salt)),
    category,
    name: toBase64url(sealed),
    ...(single === undefined ? {} : { single }),
    ...(last === undefined ? {} : { previous: last.hash }),
    issued: ctx.now(),
  };
  return signStatement('folder', payload, ctx.keys);
};

const ENDINGS: ReadonlySet<EventKind> = new Set<EventKind>(['grant-revoked', 'grant-returned']);

/**
 * Which grants are carried on: those that go on by the service's word, and have not ended by what this client knows itself. A service that calls a
 * revoked grant active must not be handed the next epoch for it.
 */
const carriedOn = (ctx: Context): ((grant: Grant) => boolean) => {
  const ended = new Set(ctx.trail.entries().flatMap((e) => (ENDINGS.has(e.kind) ? [e.subject.grant] : [])));
  const used = new Map<GrantId | undefined, number>();
  for (const {
    kind,
    subject: { grant, records = [] },
  } of ctx.trail.entries())
    if (kind === 'records-opened') used.set(grant, (used.get(grant) ?? 0) + records.length);
  const isUsedUp = (g: Grant): boolean => (used.get(g.id) ?? 0) >= (g.statement.payload.openings ?? Infinity);
  return (g) =>
    goesOn(g) && g.expires > ctx.clock.latest() && !ctx.memory.isRevoked(g.id) && !ended.has(g.id) && !isUsedUp(g);
};

/** Grants that read a cell and have not ended. Verified: own signature. */
const goingOn = async (ctx: Context, cell: Payload<'folder'>, options: CallOptions): Promise<readonly Grant[]> => {
  const { folder, epoch } = cell;
  const views = await all(
    (cursor) => ctx.call('list-cell-grants', { params: { folderId: folder, epoch }, query: cursor }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v, ctx.keys.id)));
  const goes = carriedOn(ctx);
  return grants.filter((g) => goes(g) && takesIn(g.statement.payload, cell));
};

/** Standing grants that a new folder is to be carried into. */
export const standingFor = async (
  ctx: Context,
  cell: Statement<'folder'>,
  options: CallOptions,
): Promise<readonly Grant[]> => {
  const views = await all(
    (cursor) => ctx.call('list-grants', { query: { ...cursor, as: 'patient', state: 'standing' } }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v, ctx.keys.id)));
  const goes = carriedOn(ctx);
  return grants.filter((g) => goes(g) && takesIn(g.statement.payload, cell.payload));
};

/** Puts a cell in its place with the first grants that are carried into it. */
export const putCell = async (
  ctx: Context,
  cell: Statement<'folder'>,
  grants: readonly Grant[],
  options: CallOptions,
  wrap?: { readonly capsule: string; readonly wrappedKey: string },
): Promise<void> => {
  const extensions: ExtensionBody[] = [];
  for (const grant of grants.slice(0, AT_ONCE).filter(carriedOn(ctx)))
    extensions.push(await extensionOf(ctx, grant, [cell]));
  await ctx.call(
    'create-folder',
    {
      params: { folderId: cell.payload.folder },
      body: {
        statement: cell.jws,
        ...(wrap === undefined ? {} : { wrap }),
        ...(extensions.length === 0 ? {} : { extensions }),
      },
    },
    options,
  );
  ctx.memory.noteFolder(cell);
  for (const grant of grants.slice(AT_ONCE)) if (carriedOn(ctx)(grant)) await extend(ctx, grant, [cell], options);
};

/** Adds cells to a grant, and gives the grant as it is then. */
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

/** {@link extend} over any number of cells. */
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

/** Starts the next epoch of a folder, and carries over every grant that goes on, and those that are to stand over the folder. */
export const startEpoch = async (ctx: Context, folder: Folder, options: CallOptions = {}): Promise<Folder> => {
  const { id, category, name, statement: last, epoch } = folder;
  const grants = [...(await goingOn(ctx, last.payload, options)), ...(await standingFor(ctx, last, options))];
  const cell = await signCell(ctx, { folder: id, category, name, last });
  await putCell(ctx, cell, [...new Map(grants.map((g) => [g.id, g])).values()], options);
  return { ...folder, epoch: epoch + 1, statement: cell };
};

interface Missing {
  readonly grant: Grant;
  readonly cells: readonly Statement<'folder'>[];
}

/** Grants that read a folder, or are to stand over it, with the cells of it that they do not read yet. */
const missing = async (ctx: Context, folder: Folder, options: CallOptions): Promise<readonly Missing[]> => {
  const cells = await listOwnCells(ctx, folder.id, options);
  const grants = new Map((await standingFor(ctx, folder.statement, options)).map((g) => [g.id, g]));
  const read = new Set<string>();
  for (const { payload } of cells)
    for (const grant of await goingOn(ctx, payload, options)) {
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
    if (!carriedOn(ctx)(left.grant)) continue;
    const extended = await extendAll(ctx, left.grant, left.cells, options).catch(async (error: unknown) => {
      if (!isThere(error)) throw error;
      const rest = await stillMissing(ctx, left, options);
      return rest.cells.length > 0 && carriedOn(ctx)(rest.grant) && extendAll(ctx, rest.grant, rest.cells, options);
    });
    if (extended !== false) carried += 1;
  }
  return carried;
};

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
  const told = ctx.trail
    .entries()
    .flatMap((e) =>
      e.subject.grants?.includes(id) === true || (e.kind === 'grant-extended' && e.subject.grant === id)
        ? [e.statement]
        : [],
    );
  check(
    'extension',
    told.every((hash) => named.has(hash)),
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
