// Lists the grants that the patient gave, from the chain of statements. The service adds the state and the count of openings, but can neither add a grant
// nor hide one.
import type { FolderId, GrantId } from '../../bytes/ids.ts';
import { AppError } from '../../api/errors.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import { statementHash } from '../../statements/verify.ts';
import { cellsOf, tipOf, type GivenAccess, type GivenGrant } from '../chain/given-access.ts';
import { readBeside } from '../chain/read-beside.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';
import { cellOf } from './delegation.ts';
import type { GrantFilter } from './fetch-grants.ts';
import {
  hasEnded,
  type GrantedCell,
  type Grant,
  type GrantState,
  type GrantView,
  type GrantWithCells,
} from './verify-grant.ts';

/** The facts about a grant that come from the service. The patient has not signed them. */
type Said = Pick<GrantView, 'state' | 'used'>;

const isPaused = ({ holds }: GivenGrant): boolean => holds % 2 === 1;

/** Returns the state of a grant. The chain decides whether a grant is revoked or paused. The service decides whether it has ended in another way. */
const stateOf = (given: GivenGrant, { state }: Pick<Said, 'state'>): GrantState => {
  if (given.revocation !== undefined) return 'revoked';
  if (hasEnded(state)) return state;
  if (isPaused(given)) return 'paused';
  // The service may have made its list before the patient resumed the grant.
  return state === 'paused' ? 'active' : state;
};

const foldersOf = ({ statement }: GivenGrant): readonly FolderId[] => [
  ...new Set(statement.payload.cells.map((c) => c.folder)),
];

const grantOf = (given: GivenGrant, said: Said): Grant => {
  const { statement, extensions, holds } = given;
  const p = statement.payload;
  return {
    id: p.grant,
    patient: p.patient,
    recipient: p.recipient,
    right: p.right,
    folders: foldersOf(given),
    ...(p.standing === undefined ? {} : { standing: p.standing }),
    purpose: p.purpose,
    expires: p.expires,
    state: stateOf(given, said),
    used: said.used,
    extensions: extensions.length,
    tip: tipOf(given),
    holds,
    statement,
  };
};

const denied = (): ClientError =>
  new ClientError('rolled-back', 'refused: the service does not have a grant of the chain of statements', 'grant');

/** Asks the service about a grant. @returns undefined if the service says that there is none */
const ask = async (ctx: Context, id: GrantId, options: CallOptions): Promise<GrantView | undefined> => {
  try {
    return await ctx.call('get-grant', { params: { grantId: id }, query: {} }, options);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return undefined;
    throw error;
  }
};

const assertSaid: (view: GrantView | undefined, given: GivenGrant) => asserts view is GrantView = (view, given) => {
  if (view === undefined) throw denied();
  check('grant', view.statement === given.statement.jws);
};

/**
 * Asks the service about one grant of the chain.
 * @throws {ClientError} `rolled-back` (`grant`) if the service says that there is none; `unverified` (`grant`) if it returns another statement
 */
export const askAbout = async (ctx: Context, given: GivenGrant, options: CallOptions): Promise<GrantView> => {
  const view = await ask(ctx, given.statement.payload.grant, options);
  assertSaid(view, given);
  return view;
};

/** Returns the cells of a grant to read, or for a grant to add or write the current cell of its folder. */
const grantedCells = ({ folders }: GivenAccess, given: GivenGrant): readonly GrantedCell[] => {
  const { statement, extensions } = given;
  if (!RIGHT_FACTS[statement.payload.right].needsKeyFragments) {
    const [folder] = foldersOf(given);
    const current = folders.get(folder!)!.at(-1)!;
    return [
      { folder: folder!, epoch: current.payload.epoch, cell: cellOf(current), by: statement.jws, statement: current },
    ];
  }
  return [statement, ...extensions].flatMap(({ jws: by, payload }) =>
    payload.cells.map((cell) => {
      const { folder, epoch } = cell;
      return { folder, epoch, cell, by, statement: folders.get(folder)![epoch - 1]! };
    }),
  );
};

/** Joins a grant of the chain, its cells, and what the service says about it. */
const withCells = (given: GivenAccess, grant: GivenGrant, said: Said): GrantWithCells => ({
  ...grantOf(grant, said),
  cells: grantedCells(given, grant),
});

/**
 * Finds a grant that the patient gave.
 * @throws {ClientError} `unverified` (`grant`) if the chain of statements has no such grant; otherwise the errors of {@link askAbout}
 */
export const fetchGivenGrant = async (
  ctx: Context,
  id: GrantId,
  options: CallOptions = {},
): Promise<GrantWithCells> => {
  const [view, given] = await readBeside(ctx, ask(ctx, id, options), (_, { grants }) => grants.has(id), options);
  const grant = given.grants.get(id);
  if (grant === undefined && view === undefined) throw new AppError('not-found');
  check('grant', grant !== undefined);
  assertSaid(view, grant);
  return withCells(given, grant, view);
};

/** Lists all folders of a grant, also those of its extensions. */
export const everyFolderOf = (given: GivenGrant): readonly FolderId[] => [
  ...new Set(cellsOf(given).map((c) => c.folder)),
];

/** Returns the filter under which a grant is listed. Exhausted grants, and grants that have not begun, are listed as `active` or `paused`. */
const listOf = (state: GrantState, given: GivenGrant): GrantFilter => {
  if (state === 'revoked' || state === 'expired') return state;
  return isPaused(given) ? 'paused' : 'active';
};

/** Returns the filter under which a grant is listed by the chain and the clock alone. The service may report that the grant has ended otherwise. */
const expectedList = (ctx: Context, given: GivenGrant): GrantFilter => {
  const isOver = given.statement.payload.expires <= ctx.clock.latest();
  return listOf(stateOf(given, { state: isOver ? 'expired' : 'active' }), given);
};

/**
 * Lists the grants that the patient gave. If the service's list lacks a grant that belongs to it, the client asks the service for this grant by its id.
 * @throws {ClientError} `unverified` (`grant`) for a grant that the chain does not have; `rolled-back` (`grant`) if the service denies that a grant exists
 */
export const listGivenGrants = async (
  ctx: Context,
  state?: GrantFilter,
  options: CallOptions = {},
): Promise<readonly Grant[]> => {
  const query = { as: 'patient', ...(state === undefined ? {} : { state }) } as const;
  const list = all(
    (cursor) => ctx.call('list-grants', { query: { ...cursor, ...query } }, options),
    (page) => page.grants,
  );
  const isKnown = (listed: readonly GrantView[], { entries }: GivenAccess): boolean =>
    listed.every((v) => entries.has(statementHash(v.statement)));
  const [views, { grants }] = await readBeside(ctx, list, isKnown, options);
  const left = new Map(views.map((v) => [v.statement, v]));
  const found: Grant[] = [];
  for (const given of grants.values()) {
    const { jws } = given.statement;
    const isDue = state === undefined || expectedList(ctx, given) === state;
    const said = left.get(jws) ?? (isDue ? await askAbout(ctx, given, options) : undefined);
    left.delete(jws);
    const grant = said === undefined ? undefined : grantOf(given, said);
    if (grant !== undefined && (state === undefined || listOf(grant.state, given) === state)) found.push(grant);
  }
  check('grant', left.size === 0);
  return found;
};
