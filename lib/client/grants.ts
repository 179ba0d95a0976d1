// Grants: made by the patient, checked by both. A client trusts a key or a right only where the patient's own statement covers it.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Answer, Body } from '../api/routes.ts';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import { newId, type FolderId, type GrantId, type IdentityId } from '../bytes/ids.ts';
import { excess, grantFault } from '../domain/grant.ts';
import { SECOND } from '../domain/time.ts';
import type { Purpose } from '../statements/fields.ts';
import type { GrantCell, Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import { claimOf, verifyStatement } from '../statements/verify.ts';
import { generateKFrags } from '../umbral/delegator.ts';
import { encodeKFrag, kfragId } from '../umbral/kfrag.ts';
import type { Context } from './context.ts';
import { check, checked, ClientError, unverified } from './errors.ts';
import { publicKeyFrom } from './identities.ts';
import { all } from './pages.ts';
import type { CallOptions } from './transport.ts';

export type GrantState = Answer<'list-grants'>['grants'][number]['state'];

/** A grant whose statement was verified. State and count are what the service says. */
export interface Grant {
  readonly id: GrantId;
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly folders: readonly FolderId[];
  readonly purpose: Purpose;
  /** Milliseconds since 1970, by the service's clock. */
  readonly expires: number;
  readonly state: GrantState;
  /** Records opened so far. */
  readonly used: number;
  readonly statement: Statement<'grant'>;
}

/** A grant together with the patient's statements of its cells. */
export interface GrantWithCells extends Grant {
  /** In the order of the grant's cells; each is the one whose hash and key the grant names. */
  readonly cells: readonly GrantedCell[];
}
export interface GrantedCell {
  readonly folder: FolderId;
  readonly epoch: number;
  readonly cell: GrantCell;
  readonly statement: Statement<'folder'>;
}

export interface Terms {
  /** For whom, with the receiving key that the fragments are made for. */
  readonly recipient: Statement<'identity'>;
  readonly folders: readonly Statement<'folder'>[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** How many records may be opened in all; no limit unless given. */
  readonly openings?: number | undefined;
  readonly request?: Statement<'request'> | undefined;
}

type GrantBody = Body<'grant-access'>;

/** One cell of a grant and its key fragment, which the recipient's and the folder's keys are signed into. */
const delegate = (ctx: Context, folder: Statement<'folder'>, receiving: string) => {
  const { folder: id, epoch, salt, key } = folder.payload;
  const [kfrag] = generateKFrags({
    delegating: ctx.keys.folderKey(id, epoch, fromBase64url(salt)),
    receiving: publicKeyFrom(receiving),
    signer: ctx.keys.kfragSigner,
    threshold: 1,
    shares: 1,
    rng: ctx.world.rng,
  });
  if (kfrag === undefined) throw new ClientError('bad-argument', 'no key fragment was made');
  const bytes = encodeKFrag(kfrag);
  const cell: GrantCell = {
    folder: id,
    epoch,
    key,
    statement: folder.hash,
    kfrags: [{ proxy: 'service', id: toBase64url(kfragId(kfrag)), hash: toBase64url(sha256(bytes)) }],
  };
  return { cell, kfrag: toBase64url(bytes) };
};

/**
 * Signs a grant and makes its key fragments.
 *
 * @throws {ClientError} `exceeds-request` when it would give more than was asked; `bad-argument` when it cannot stand by itself
 */
export const makeGrant = async (
  ctx: Context,
  terms: Terms,
): Promise<{ readonly statement: Statement<'grant'>; readonly body: GrantBody }> => {
  const { recipient, folders, purpose, durationSeconds, openings, request } = terms;
  const { number, key } = recipient.payload.receiving;
  const now = ctx.now();
  const delegated = folders.map((f) => delegate(ctx, f, key));
  const payload: Payload<'grant'> = {
    grant: newId<GrantId>(ctx.world.rng),
    patient: ctx.keys.id,
    recipient: recipient.payload.id,
    receiving: { number, key },
    ...(request === undefined ? {} : { request: { id: request.payload.request, hash: request.hash } }),
    right: 'read',
    cells: delegated.map((d) => d.cell),
    notBefore: now,
    expires: now + durationSeconds * SECOND,
    ...(openings === undefined ? {} : { openings }),
    purpose,
    threshold: 1,
    proxies: [{ id: 'service' }],
    issued: now,
  };
  const fault = grantFault(payload, now);
  if (fault !== undefined) throw new ClientError('bad-argument', `a grant cannot be made with this: ${fault}`);
  const beyond = request === undefined ? undefined : excess(payload, request.hash, request.payload);
  if (beyond !== undefined) throw new ClientError('exceeds-request', `more than was asked: ${beyond}`);
  const statement = await signStatement('grant', payload, ctx.keys);
  return { statement, body: { statement: statement.jws, kfrags: delegated.map((d) => d.kfrag) } };
};

interface GrantView {
  readonly statement: string;
  readonly state: GrantState;
  readonly used: number;
}

/**
 * A grant that the caller is a party of, signed by its patient.
 *
 * @param patient whom the caller expects to have signed; unless given, whoever the grant names, who then is shown to the caller by id
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
    folders: [...new Set(p.cells.map((c) => c.folder))],
    purpose: p.purpose,
    expires: p.expires,
    state: view.state,
    used: view.used,
    statement,
  };
};

/** A cell of a grant is the one of the folder statement whose hash the grant names: same patient, folder, epoch and key. */
const verifyCell = async (grant: Statement<'grant'>, cell: GrantCell, jws: string): Promise<GrantedCell> => {
  const { patient } = grant.payload;
  const statement = await checked('folder', () => verifyStatement('folder', jws, patient));
  const { folder, epoch, key } = statement.payload;
  check(
    'grant-cell',
    statement.hash === cell.statement && folder === cell.folder && epoch === cell.epoch && key === cell.key,
  );
  await checked('folder-key', () => publicKeyFrom(key));
  return { folder, epoch, cell, statement };
};

/** @throws {ClientError} `unverified`: also when the service leaves out a folder statement; `not-mine` */
export const fetchGrant = async (
  ctx: Context,
  id: GrantId,
  patient?: IdentityId,
  options: CallOptions = {},
): Promise<GrantWithCells> => {
  let view: GrantView | undefined;
  const folders = await all(
    async (cursor) => {
      const page = await ctx.call('get-grant', { params: { grantId: id }, query: cursor }, options);
      view ??= page;
      return page;
    },
    (page) => page.folders,
  );
  if (view === undefined) throw unverified('grant');
  const grant = await verifyGrant(ctx, view, patient);
  check('grant', grant.id === id);
  const { cells } = grant.statement.payload;
  check('grant-cell', folders.length === cells.length);
  return { ...grant, cells: await Promise.all(cells.map((c, i) => verifyCell(grant.statement, c, folders[i] ?? ''))) };
};

export type GrantFilter = 'active' | 'expired' | 'revoked';

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
