// Grants access to recipients, as the answer to a request or without one. A grant names at most 80 cells; extensions add the others.
import { AppError } from '../../api/errors.ts';
import type { FolderId, IdentityId } from '../../bytes/ids.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import { MOST_CELLS, type Purpose, type Right } from '../../statements/fields.ts';
import type { Standing, Statement } from '../../statements/kinds.ts';
import type { GivenAccess } from '../chain/given-access.ts';
import type { EntryBody } from '../chain/statement-chain.ts';
import { assertValid } from '../session/check-arguments.ts';
import type { Context } from '../session/context.ts';
import { extendAll } from './extend-grant.ts';
import { assertClosed, closeCells } from './close-cells-of-ended-grants.ts';
import { check, ClientError } from '../session/errors.ts';
import { serviceKey } from '../session/service-statements.ts';
import { cellsOf, foldersWithin } from './resolve-scope.ts';
import type { Folder } from '../records/folders.ts';
import { makeGrant, type SignedGrant, type GrantToSign } from './sign-grant.ts';
import { newGrantView, verifyGrant, type Grant } from './verify-grant.ts';
import { currentIdentity } from '../identities/identities.ts';
import { scopeOf, standingOf, type ScopeInput } from './scope.ts';
import { verifyRequestStatement, type AccessRequest } from './requests.ts';
import type { CallOptions } from '../session/transport.ts';

/** Limits for an approval. A limit can reduce what the request asks for, and never increase it. */
export interface ApproveOptions extends CallOptions {
  /** Some of the folders in the request's scope. Default: all of them. */
  readonly folders?: readonly FolderId[];
  /** Some of the requested rights. Default: all of them. */
  readonly rights?: readonly Right[];
  /** At most the requested duration. Default: the requested duration. */
  readonly durationSeconds?: number;
  /** Maximum number of records that may be opened. Default: no limit. */
  readonly openings?: number;
  /** False excludes folders made later. Default: a grant for categories or everything is standing, unless `folders` is present. */
  readonly standing?: boolean;
  /** True approves even if the patient has not verified the recipient's id (`verify`). */
  readonly unverifiedRecipient?: boolean;
}

export interface GrantInput extends ScopeInput {
  readonly recipient: IdentityId;
  /** Default: `read`. The rights `add` and `write` need named folders. */
  readonly right?: Right;
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  readonly openings?: number;
  /** True also covers folders made later. Allowed only with `categories` or `everything`. */
  readonly standing?: boolean;
}

/** At least one grant. */
export type Grants = readonly [Grant, ...Grant[]];

const asGrants = ([first, ...rest]: readonly Grant[]): Grants => {
  if (first === undefined) throw new ClientError('bad-argument', 'there is nothing to grant');
  return [first, ...rest];
};

interface GrantTerms extends Omit<GrantToSign, 'cells' | 'standing' | 'right'> {
  readonly folders: readonly Folder[];
  readonly standing: Standing | undefined;
}

interface Prepared {
  readonly made: SignedGrant;
  /** The cells beyond the first 80. */
  readonly rest: readonly Statement<'folder'>[];
}

/** Signs one grant for all cells if the right needs key fragments, otherwise one grant per folder. */
const prepare = async (
  ctx: Context,
  terms: GrantTerms,
  right: Right,
  most: number,
  options: CallOptions,
): Promise<readonly Prepared[]> => {
  const { folders, standing, openings, ...common } = terms;
  if (!RIGHT_FACTS[right].needsKeyFragments) {
    const made = folders.map((folder) => makeGrant(ctx, { ...common, right, cells: [folder.statement] }));
    return (await Promise.all(made)).map((m) => ({ made: m, rest: [] }));
  }
  const every = cellsOf(await ctx.chain.state(options), folders);
  // Extensions add the cells beyond the first 80. An extension may only name folders that the grant names or covers as a standing grant. So the grant names
  // one cell of each folder first.
  const current = new Map(every.map((c) => [c.payload.folder, c]));
  if (current.size > most && standing === undefined)
    throw new ClientError('bad-argument', `more than ${most} folders: make several grants, or one that stands`);
  const cells = [...current.values(), ...every.filter((c) => current.get(c.payload.folder) !== c)];
  const first = cells.slice(0, most);
  const made = await makeGrant(ctx, { ...common, right, openings, standing, cells: first });
  return [{ made, rest: cells.slice(most) }];
};

const put = (ctx: Context, { statement, body }: SignedGrant, options: CallOptions): Promise<Grant> =>
  ctx.chain.append(async ({ entries }) => {
    const { grant } = statement.payload;
    // An earlier try may have stored the grant and then ended with an error. In this case the chain has the grant already.
    if (entries.has(statement.hash)) return { done: await verifyGrant(ctx, newGrantView(statement), ctx.keys.id) };
    const send = async (entry: EntryBody) => {
      const view = await ctx.call('grant-access', { params: { grantId: grant }, body: { ...body, ...entry } }, options);
      return verifyGrant(ctx, { ...view, statement: statement.jws }, ctx.keys.id);
    };
    return { statements: [statement], send };
  }, options);

/** Adds the cells beyond the first 80, and the cells of epochs that another device started meanwhile. */
const withRest = async (
  ctx: Context,
  grant: Grant,
  rest: readonly Statement<'folder'>[],
  options: CallOptions,
): Promise<Grant> => {
  const { folders } = await ctx.chain.state(options);
  const newer = RIGHT_FACTS[grant.right].needsKeyFragments ? grant.folders.flatMap((id) => folders.get(id) ?? []) : [];
  const cells = new Map([...rest, ...newer].map((c) => [c.hash, c]));
  const view = await extendAll(ctx, grant.id, [...cells.values()], options);
  return view === undefined ? grant : verifyGrant(ctx, { ...view, statement: grant.statement.jws }, ctx.keys.id);
};

/**
 * Corrects the clock by the signed time, so that the grant is live at once. The service also accepts the requests of a client whose clock is a minute ahead.
 * But a grant of that client would begin a minute later.
 */
const beginsAtOnce = (ctx: Context, options: CallOptions) => ctx.clock.date({ ...options, fresh: true });

/** Lists the folders that are in the scope of a request now. */
export const preview = async (
  ctx: Context,
  request: AccessRequest,
  options: CallOptions = {},
): Promise<readonly Folder[]> => foldersWithin(ctx, await ctx.chain.sync(options), request.scope, options);

const chosen = async (
  ctx: Context,
  given: GivenAccess,
  request: AccessRequest,
  { folders, signal }: ApproveOptions,
): Promise<readonly Folder[]> => {
  const reached = await foldersWithin(ctx, given, request.scope, { signal });
  if (folders === undefined) return reached;
  return folders.map((id) => {
    const folder = reached.find((r) => r.id === id);
    if (folder === undefined) throw new ClientError('exceeds-request', 'more than was asked: cells');
    return folder;
  });
};

/** @throws {ClientError} `unverified`, `exceeds-request`, `not-mine`, `unverified-recipient`; {AppError} `request-closed` if it has expired or has an answer */
export const approve = async (ctx: Context, given: AccessRequest, options: ApproveOptions = {}): Promise<Grants> => {
  const { signal } = options;
  for (const right of options.rights ?? []) assertValid('right', right);
  const view = { state: given.state, statement: given.statement.jws };
  const request = await verifyRequestStatement(ctx, view, await serviceKey(ctx, { signal }));
  if (request.patient !== ctx.keys.id) throw new ClientError('not-mine', 'the request is to somebody else');
  check('request', request.messageRefused !== true);
  if (options.unverifiedRecipient !== true && !ctx.memory.isVerified(request.recipient))
    throw new ClientError('unverified-recipient', 'nobody verified that this id is whom it should be');
  const { given: access, open } = await closeCells(ctx, { signal });
  const [recipient, folders] = await Promise.all([
    currentIdentity(ctx, request.recipient, { signal }),
    chosen(ctx, access, request, options),
    beginsAtOnce(ctx, { signal }),
  ]);
  assertClosed(
    open,
    folders.map((f) => f.id),
  );
  // The clock is now as right as the service's signed time makes it.
  if (request.until <= ctx.clock.latest()) throw new AppError('request-closed');
  const { number, key } = request.statement.payload.receiving;
  const { receiving } = recipient.payload;
  check('receiving-key', receiving.number === number && receiving.key === key);

  const stands = options.folders === undefined && options.standing !== false;
  const terms: GrantTerms = {
    recipient,
    folders,
    purpose: request.purpose,
    durationSeconds: options.durationSeconds ?? request.durationSeconds,
    openings: options.openings,
    standing: stands ? standingOf(request.scope) : undefined,
    request: request.statement,
  };
  return answer(ctx, request, terms, options.rights ?? request.rights, { signal });
};

/** Approves the request: sends the first grant for each right in one transaction, and then all other grants one by one. */
const answer = async (
  ctx: Context,
  { id }: AccessRequest,
  terms: GrantTerms,
  rights: readonly Right[],
  options: CallOptions,
): Promise<Grants> => {
  if (terms.folders.length === 0) throw new ClientError('bad-argument', 'the request reaches nothing');
  // One transaction stores the first grant for each right, and takes 80 cells of all of them together.
  const most = MOST_CELLS - (rights.length - 1);
  const prepared = await Promise.all(rights.map((right) => prepare(ctx, terms, right, most, options)));
  const first = prepared.flatMap((p) => p.slice(0, 1));
  const statements = first.map((p) => p.made.statement);
  const views = await ctx.chain.append(({ answers, entries }) => {
    if (statements.every((s) => entries.has(s.hash)))
      return Promise.resolve({ done: { grants: statements.map(newGrantView) } });
    // The patient, perhaps with another device, answers a request once. A second answer would be void, and its key fragments would be with the service.
    if (answers.has(id)) throw new AppError('request-closed');
    const send = (entry: EntryBody) => {
      const body = { grants: first.map((p) => p.made.body), ...entry };
      return ctx.call('approve-request', { params: { requestId: id }, body }, options);
    };
    return Promise.resolve({ statements, send });
  }, options);
  const grants: Grant[] = [];
  for (const [i, { made, rest }] of first.entries()) {
    const view = views.grants[i] ?? newGrantView(made.statement);
    const grant = await verifyGrant(ctx, { ...view, statement: made.statement.jws }, ctx.keys.id);
    grants.push(await withRest(ctx, grant, rest, options));
  }
  for (const { made } of prepared.flatMap((p) => p.slice(1))) grants.push(await put(ctx, made, options));
  return asGrants(grants);
};

/** @throws {ClientError} `unverified`, `not-mine`, `bad-argument` */
export const grantAccess = async (ctx: Context, input: GrantInput, options: CallOptions = {}): Promise<Grants> => {
  const { recipient: to, right = 'read', purpose, durationSeconds, openings, standing = false } = input;
  assertValid('purpose', purpose);
  assertValid('right', right);
  const scope = scopeOf(input);
  const stands = standing ? standingOf(scope) : undefined;
  if (standing && stands === undefined)
    throw new ClientError('bad-argument', 'only a grant over categories or everything can be standing');
  const { given, open } = await closeCells(ctx, options);
  const [recipient, folders] = await Promise.all([
    currentIdentity(ctx, to, options),
    foldersWithin(ctx, given, scope, options),
    beginsAtOnce(ctx, options),
  ]);
  assertClosed(
    open,
    folders.map((f) => f.id),
  );
  if (folders.length === 0) throw new ClientError('bad-argument', 'the grant would reach no folder');
  const terms: GrantTerms = { recipient, folders, purpose, durationSeconds, openings, standing: stands };
  const grants: Grant[] = [];
  for (const { made, rest } of await prepare(ctx, terms, right, MOST_CELLS, options))
    grants.push(await withRest(ctx, await put(ctx, made, options), rest, options));
  return asGrants(grants);
};
