// Signs, fetches and verifies grants. A client trusts a key or a right only if a statement that the patient signed covers it.
import type { Answer, Body } from '../../api/routes.ts';
import { newId, type FolderId, type GrantId, type IdentityId } from '../../bytes/ids.ts';
import { excess, grantFault, RIGHT_FACTS } from '../../domain/grant.ts';
import { SECOND } from '../../domain/time.ts';
import type { Purpose, Right } from '../../statements/fields.ts';
import type { GrantCell, Jws, Payload, Standing, Statement } from '../../statements/kinds.ts';
import { SERVICE_PROXY, THRESHOLD } from '../../statements/proxy-threshold.ts';
import { signStatement } from '../../statements/sign.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError, unverified } from '../session/errors.ts';
import { cellOf, delegate } from './delegation.ts';
import { publicKeyFrom } from '../identities/identities.ts';
import { all } from '../session/pagination.ts';
import type { CallOptions } from '../session/transport.ts';

export type GrantState = Answer<'list-grants'>['grants'][number]['state'];

/** A grant with a verified statement. State and counts come from the service and are not verified. */
export interface Grant {
  readonly id: GrantId;
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly right: Right;
  /** The folders that the grant statement names. Extensions may have added others. */
  readonly folders: readonly FolderId[];
  /** The later folders that the grant covers. Absent unless it is a standing grant. */
  readonly standing?: Standing | undefined;
  readonly purpose: Purpose;
  /** Milliseconds since 1970, by the service's clock. */
  readonly expires: number;
  readonly state: GrantState;
  /** Records opened so far. */
  readonly used: number;
  /** Number of extensions, and the hash of the last one, or of the grant if there is none. */
  readonly extensions: number;
  readonly tip: string;
  /** Number of pauses and resumptions together. */
  readonly holds: number;
  readonly statement: Statement<'grant'>;
}

/** A grant together with the patient's statements of its cells. */
export interface GrantWithCells extends Grant {
  /** For a grant to read: all its cells, with those of extensions. For a grant to add or write: the folder's current cell. */
  readonly cells: readonly GrantedCell[];
}
export interface GrantedCell {
  readonly folder: FolderId;
  readonly epoch: number;
  readonly cell: GrantCell;
  /** The patient's statement that names the cell: the grant or an extension. */
  readonly by: Jws;
  readonly statement: Statement<'folder'>;
}

export interface GrantToSign {
  /** The identity statement of the recipient. Key fragments are made for its receiving key. */
  readonly recipient: Statement<'identity'>;
  readonly right: Right;
  /** At most 80 for `read`. One for `add` or `write`. */
  readonly cells: readonly Statement<'folder'>[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** How many records may be opened in all; no limit unless given. */
  readonly openings?: number | undefined;
  readonly standing?: Standing | undefined;
  readonly request?: Statement<'request'> | undefined;
}

type GrantBody = Body<'grant-access'>;

export interface SignedGrant {
  readonly statement: Statement<'grant'>;
  readonly body: GrantBody;
}

/** Tells whether a grant has not ended. A paused grant has not ended. */
export const hasNotEnded = ({ state }: Pick<Grant, 'state'>): boolean =>
  state === 'active' || state === 'paused' || state === 'not-begun';

/**
 * Signs a grant and makes its key fragments.
 *
 * @throws {ClientError} `exceeds-request` if it would give more than the request asks for; `bad-argument` for invalid terms
 */
export const makeGrant = async (ctx: Context, terms: GrantToSign): Promise<SignedGrant> => {
  const { recipient, right, cells, purpose, durationSeconds, openings, standing, request } = terms;
  const { number, key } = recipient.payload.receiving;
  const now = ctx.now();
  const { needsKeyFragments } = RIGHT_FACTS[right];
  const delegated = needsKeyFragments ? cells.map((f) => delegate(ctx, f, key)) : [];
  const payload: Payload<'grant'> = {
    grant: newId<GrantId>(ctx.platform.rng),
    patient: ctx.keys.id,
    recipient: recipient.payload.id,
    receiving: { number, key },
    ...(request === undefined ? {} : { request: { id: request.payload.request, hash: request.hash } }),
    right,
    cells: needsKeyFragments ? delegated.map((d) => d.cell) : cells.map(cellOf),
    notBefore: now,
    expires: now + durationSeconds * SECOND,
    ...(openings === undefined ? {} : { openings }),
    ...(standing === undefined ? {} : { standing }),
    purpose,
    threshold: THRESHOLD,
    proxies: [{ id: SERVICE_PROXY }],
    issued: now,
  };
  const fault = grantFault(payload, now);
  if (fault !== undefined) throw new ClientError('bad-argument', `a grant cannot be made with this: ${fault}`);
  const facts = cells.map((c) => c.payload);
  const beyond = request === undefined ? undefined : excess(payload, request, facts);
  if (beyond !== undefined) throw new ClientError('exceeds-request', `more than was asked: ${beyond}`);
  const statement = await signStatement('grant', payload, ctx.keys);
  return { statement, body: { statement: statement.jws, kfrags: delegated.map((d) => d.kfrag) } };
};

export type GrantView = Answer<'list-grants'>['grants'][number];

/** The service's answer for a grant that was just created. */
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
 * @param patient the expected signer. Default: the patient that the grant names; the caller must then compare the id
 * @throws {ClientError} `unverified`, `not-mine`
 */
export const verifyGrant = async (ctx: Context, view: GrantView, patient?: IdentityId): Promise<Grant> => {
  const statement = await checked('grant', () =>
    verifyStatement('grant', view.statement, patient ?? claimOf(view.statement).signer),
  );
  const p = statement.payload;
  if (p.patient !== ctx.keys.id && p.recipient !== ctx.keys.id)
    throw new ClientError('not-mine', 'the grant is between others');
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
}
const cellsIn = ({ jws, payload }: Statement<'grant' | 'extension'>): readonly NamedCell[] =>
  payload.cells.map((cell) => ({ cell, by: jws }));

/** Checks that a folder statement is the one that the grant names: same hash, folder, epoch and key. */
const verifyCell = async (statement: Statement<'folder'>, { cell, by }: NamedCell): Promise<GrantedCell> => {
  const { folder, epoch, key } = statement.payload;
  check(
    'grant-cell',
    statement.hash === cell.statement && folder === cell.folder && epoch === cell.epoch && key === cell.key,
  );
  await checked('folder-key', () => publicKeyFrom(key));
  return { folder, epoch, cell, by, statement };
};

type CellView = Answer<'get-grant'>['cells'][number];

/** Verifies the extensions of a grant: the patient signed each, numbers have no gap, and each names the hash of the one before. */
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
const verifyCells = async (grant: Grant, views: readonly CellView[]): Promise<readonly GrantedCell[]> => {
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

/** Verifies the current cell of the folder for a grant to add or write. It must not be older than the newest cell in memory. */
const verifyFolderNow = async (ctx: Context, grant: Grant, views: readonly CellView[]): Promise<GrantedCell> => {
  const [view, ...rest] = views;
  const [named] = grant.statement.payload.cells;
  check('grant-cell', view !== undefined && named !== undefined && rest.length === 0);
  const statement = await checked('folder', () => verifyStatement('folder', view.folder, grant.patient));
  const { folder, epoch, key } = statement.payload;
  check('grant-cell', folder === named.folder && epoch >= named.epoch);
  check('grant-cell', epoch > named.epoch || statement.hash === named.statement);
  await checked('folder-key', () => publicKeyFrom(key));
  // For an ended grant the service returns the cell that the grant names, not the current one.
  if (hasNotEnded(grant)) ctx.memory.noteFolder(statement);
  return { folder, epoch, cell: cellOf(statement), by: grant.statement.jws, statement };
};

/** Fetches and verifies a grant with its cells. @throws {ClientError} `unverified`, also if the service leaves out a cell; `not-mine` */
export const fetchGrant = async (
  ctx: Context,
  id: GrantId,
  patient?: IdentityId,
  options: CallOptions = {},
): Promise<GrantWithCells> => {
  let view: GrantView | undefined;
  const views = await all(
    async (cursor) => {
      const page = await ctx.call('get-grant', { params: { grantId: id }, query: cursor }, options);
      view ??= page;
      return page;
    },
    (page) => page.cells,
  );
  if (view === undefined) throw unverified('grant');
  const grant = await verifyGrant(ctx, view, patient);
  check('grant', grant.id === id);
  const cells = RIGHT_FACTS[grant.right].needsKeyFragments
    ? await verifyCells(grant, views)
    : [await verifyFolderNow(ctx, grant, views)];
  return { ...grant, cells };
};

export type GrantFilter = 'active' | 'paused' | 'expired' | 'revoked';

export const listGrants = async (
  ctx: Context,
  as: 'patient' | 'recipient',
  state?: GrantFilter,
  options: CallOptions = {},
): Promise<readonly Grant[]> => {
  const views = await all(
    (cursor) =>
      ctx.call('list-grants', { query: { ...cursor, as, ...(state === undefined ? {} : { state }) } }, options),
    (page) => page.grants,
  );
  const grants = await Promise.all(views.map((v) => verifyGrant(ctx, v, as === 'patient' ? ctx.keys.id : undefined)));
  if (grants.some((g) => g[as] !== ctx.keys.id)) throw new ClientError('not-mine', 'a grant of others in the list');
  return grants;
};
