// Verifies grants, their extensions and their cells. A client trusts a key or a right only if a statement that the patient signed covers it.
import type { Answer } from '../../api/routes.ts';
import type { FolderId, GrantId, IdentityId } from '../../bytes/ids.ts';
import type { Purpose, Right } from '../../statements/fields.ts';
import type { GrantCell, Jws, Standing, Statement } from '../../statements/kinds.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError } from '../session/errors.ts';
import { cellOf } from './delegation.ts';
import { publicKeyFrom } from '../identities/identities.ts';

export type GrantState = Answer<'list-grants'>['grants'][number]['state'];

/** A grant with a verified statement. Its state and `used` come from the service and are not verified. */
export interface Grant {
  readonly id: GrantId;
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly right: Right;
  /** The folders that the grant statement names. Extensions may have added others. */
  readonly folders: readonly FolderId[];
  /** The later folders that the grant covers. Only a standing grant has this member. */
  readonly standing?: Standing | undefined;
  readonly purpose: Purpose;
  /** Milliseconds since 1970, by the service's clock. */
  readonly expires: number;
  readonly state: GrantState;
  /** Number of records opened so far. */
  readonly used: number;
  /** Number of extensions. `tip` is the hash of the last extension, or of the grant if there is no extension. */
  readonly extensions: number;
  readonly tip: string;
  /** Number of pauses and resumptions together. */
  readonly holds: number;
  readonly statement: Statement<'grant'>;
}

/** A grant together with the patient's statements of its cells. */
export interface GrantWithCells extends Grant {
  /** For a grant to read: all its cells, also those of extensions. For a grant to add or write: the folder's current cell. */
  readonly cells: readonly GrantedCell[];
}
export interface GrantedCell {
  readonly folder: FolderId;
  readonly epoch: number;
  readonly cell: GrantCell;
  /** The patient's statement that names the cell: the grant or an extension. */
  readonly by: Jws;
  /** Absent in a grant to add or write. */
  readonly seeds?: SealedSeeds | undefined;
  readonly statement: Statement<'folder'>;
}
/** The sealed companion seeds of a grant or an extension, and the place of one cell in them. */
export interface SealedSeeds {
  readonly sealed: string;
  /** Number of the extension; 0 for the grant itself. */
  readonly extension: number;
  /** Index of the seed of the cell, from 0. */
  readonly place: number;
}

/** Tells whether a grant has not ended. A paused grant counts as not ended. */
export const hasNotEnded = ({ state }: Pick<Grant, 'state'>): boolean => !hasEnded(state);

export const hasEnded = (state: GrantState): state is 'revoked' | 'expired' | 'exhausted' =>
  state === 'revoked' || state === 'expired' || state === 'exhausted';

export type GrantView = Answer<'list-grants'>['grants'][number];

/** Returns what the service answers about a grant that was just created. */
export const newGrantView = ({ jws, hash }: Statement<'grant'>): GrantView => ({
  statement: jws,
  state: 'active',
  used: 0,
  extensions: 0,
  tip: hash,
  holds: 0,
});

/**
 * Verifies a grant: the patient signed it, and the caller is its patient or its recipient.
 *
 * @param patient the expected signer. Default: the patient that the grant names; the caller must then check that this is the patient it expects
 * @throws {ClientError} `unverified`, `not-mine`
 */
export const verifyGrant = async (ctx: Context, view: GrantView, patient?: IdentityId): Promise<Grant> => {
  const statement = await checked('grant', () =>
    verifyStatement('grant', view.statement, patient ?? claimOf(view.statement).signer),
  );
  const p = statement.payload;
  if (p.patient !== ctx.keys.id && p.recipient !== ctx.keys.id)
    throw new ClientError('not-mine', 'the grant is between others');
  ctx.memory.noteGrant(statement);
  return {
    id: p.grant,
    patient: p.patient,
    recipient: p.recipient,
    right: p.right,
    folders: [...new Set(p.cells.map((c) => c.folder))],
    ...(p.standing === undefined ? {} : { standing: p.standing }),
    purpose: p.purpose,
    expires: p.expires,
    state: view.state,
    used: view.used,
    extensions: view.extensions,
    tip: view.tip,
    holds: view.holds,
    statement,
  };
};

/** A cell, and the statement of the patient that names it. */
interface NamedCell {
  readonly cell: GrantCell;
  readonly by: Jws;
  readonly seeds: SealedSeeds | undefined;
}
const cellsIn = ({ jws, payload }: Statement<'grant'> | Statement<'extension'>): readonly NamedCell[] => {
  const { cells, companions: sealed } = payload;
  const extension = 'number' in payload ? payload.number : 0;
  return cells.map((cell, place) => ({
    cell,
    by: jws,
    seeds: sealed === undefined ? sealed : { sealed, extension, place },
  }));
};

/** Checks that a folder statement is the one that the grant names: same hash, folder, epoch and key. */
const verifyCell = async (statement: Statement<'folder'>, { cell, by, seeds }: NamedCell): Promise<GrantedCell> => {
  const { folder, epoch, key } = statement.payload;
  check(
    'grant-cell',
    statement.hash === cell.statement && folder === cell.folder && epoch === cell.epoch && key === cell.key,
  );
  await checked('folder-key', () => publicKeyFrom(key));
  return { folder, epoch, cell, by, seeds, statement };
};

type CellView = Answer<'get-grant'>['cells'][number];

/** Verifies the extensions of a grant: the patient signed each, their numbers have no gap, and each names the hash of the one before. */
const verifyExtensions = async (grant: Grant, views: readonly CellView[]): Promise<readonly NamedCell[]> => {
  const { patient, id, statement } = grant;
  const given = views.flatMap(({ extension }) => (extension === undefined ? [] : [extension]));
  const read = await checked('extension', () =>
    Promise.all(given.map((jws) => verifyStatement('extension', jws, patient))),
  );
  let previous = statement.hash;
  const inOrder = read.toSorted((a, b) => a.payload.number - b.payload.number);
  for (const [i, { hash, payload }] of inOrder.entries()) {
    check('extension', payload.grant === id && payload.number === i + 1 && payload.previous === previous);
    previous = hash;
  }
  return inOrder.flatMap(cellsIn);
};

const nameOf = ({ folder, epoch }: { readonly folder: FolderId; readonly epoch: number }): string =>
  `${folder}#${epoch}`;

/** Verifies the cells of a grant to read. Each cell that the grant or an extension names must be present. */
export const verifyCells = async (grant: Grant, views: readonly CellView[]): Promise<readonly GrantedCell[]> => {
  const named = [...cellsIn(grant.statement), ...(await verifyExtensions(grant, views))];
  const byName = new Map(named.map((n) => [nameOf(n.cell), n]));
  check('grant-cell', byName.size === named.length && views.length === named.length);
  const cells = await Promise.all(
    views.map(async ({ folder: jws }) => {
      const statement = await checked('folder', () => verifyStatement('folder', jws, grant.patient));
      const cell = byName.get(nameOf(statement.payload));
      check('grant-cell', cell !== undefined);
      return verifyCell(statement, cell);
    }),
  );
  check('grant-cell', new Set(cells.map(nameOf)).size === cells.length);
  return cells;
};

/** Verifies the current cell of the folder for a grant to add or write. This cell must not be older than the newest cell in the memory. */
export const verifyFolderNow = async (ctx: Context, grant: Grant, views: readonly CellView[]): Promise<GrantedCell> => {
  const [view, ...rest] = views;
  const [named] = grant.statement.payload.cells;
  check('grant-cell', view !== undefined && named !== undefined && rest.length === 0);
  const statement = await checked('folder', () => verifyStatement('folder', view.folder, grant.patient));
  const { folder, epoch, key } = statement.payload;
  check('grant-cell', folder === named.folder && epoch >= named.epoch);
  check('grant-cell', epoch > named.epoch || statement.hash === named.statement);
  await checked('folder-key', () => publicKeyFrom(key));
  // For an ended grant, the service returns the cell that the grant names. The memory may know a newer cell of the folder, so the client does not compare the
  // two.
  if (hasNotEnded(grant)) ctx.memory.noteFolder(statement);
  return { folder, epoch, cell: cellOf(statement), by: grant.statement.jws, statement };
};
