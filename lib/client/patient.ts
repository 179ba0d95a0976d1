// The patient: owns folders, files records, answers requests, grants and revokes, reads the trail.
import type { FolderId, GrantId, IdentityId } from '../bytes/ids.ts';
import type { Category, Purpose } from '../statements/fields.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import { readTrail, type TrailEntry } from './audit.ts';
import { createContext, type ClientOptions, type Context } from './context.ts';
import { check, ClientError } from './errors.ts';
import { fileRecord, type Content, type FileOptions, type Metadata } from './filing.ts';
import { createFolder, listFolders, ownCell, type Folder } from './folders.ts';
import {
  fetchGrant,
  listGrants,
  makeGrant,
  verifyGrant,
  type Grant,
  type GrantFilter,
  type GrantWithCells,
} from './grants.ts';
import { currentIdentity, register, type RegisterOptions } from './identities.ts';
import type { Memory } from './memory.ts';
import { openRecords, ownKeys, type OpenedRecord, type OpenOptions } from './opening.ts';
import { all } from './pages.ts';
import { verifyVersion, type RecordInfo } from './records.ts';
import { listRequests, verifyRequestStatement, type AccessRequest, type RequestState } from './requests.ts';
import type { CallOptions } from './transport.ts';

/** Less than was asked, never more. */
export interface ApproveOptions extends CallOptions {
  /** Some of the folders that were asked for; all of them unless given. */
  readonly folders?: readonly FolderId[];
  /** At most what was asked, which is also what is given unless this says otherwise. */
  readonly durationSeconds?: number;
  /** How many records may be opened in all; no limit unless given. */
  readonly openings?: number;
}

export interface Gift {
  readonly recipient: IdentityId;
  readonly folders: readonly FolderId[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  readonly openings?: number;
}

/** Every function may throw AppError (the service's refusal) and ClientError (`network`, `bad-answer`) besides what it names. */
export interface Patient {
  readonly id: IdentityId;
  /** What to keep for the next time: `memory.export()`. */
  readonly memory: Memory;
  /** Puts the identity statement in its place. Doing it twice changes nothing. */
  readonly register: (options?: RegisterOptions) => Promise<Statement<'identity'>>;
  /** @param input.name 1 to about 900 bytes; sealed, so that only the patient reads it */
  readonly createFolder: (
    input: { readonly name: string; readonly category: Category },
    options?: CallOptions,
  ) => Promise<Folder>;
  /**
   * The folders' current epochs. Verified: own signature, own key, nothing older than what is remembered; the names are opened.
   * @throws {ClientError} `unverified` (`folder`, `folder-key`, `folder-name`), `rolled-back`
   */
  readonly listFolders: (options?: CallOptions) => Promise<readonly Folder[]>;
  /**
   * Seals a file of any length, also one whose length is not known before its end, stores it and makes it visible. Memory does not grow
   * with the file.
   * @throws {ClientError} `upload-failed`, `too-large`, `not-mine`, `bad-argument`; whatever the source throws
   */
  readonly file: (folder: FolderId, content: Content, metadata: Metadata, options?: FileOptions) => Promise<RecordInfo>;
  /** The records of a folder, latest versions, oldest first. Verified: the author's signature, and that the sealed metadata is the signed one. */
  readonly listRecords: (folder: FolderId, options?: CallOptions) => Promise<readonly RecordInfo[]>;
  /** Opens own records; it stands in the trail. Verified: as for a recipient, without grant and fragments. */
  readonly open: (records: readonly RecordInfo[], options?: OpenOptions) => Promise<readonly OpenedRecord[]>;
  /** Wraps, metadata and blob go; the statement stays as a tombstone. */
  readonly deleteRecord: (
    record: RecordInfo,
    code?: Payload<'deletion'>['code'],
    options?: CallOptions,
  ) => Promise<void>;
  /** Verified: the signature of whoever asks. The id says who that is; a name would be its own word. */
  readonly listRequests: (state?: RequestState, options?: CallOptions) => Promise<readonly AccessRequest[]>;
  /**
   * Answers a request with a grant over the folders' current cells.
   * Verified: the request's signature, the recipient's identity statement, that it holds the receiving key and asked with that key, own folders.
   * @throws {ClientError} `unverified`, `exceeds-request`, `not-mine`
   */
  readonly approve: (request: AccessRequest, options?: ApproveOptions) => Promise<Grant>;
  readonly deny: (request: AccessRequest, code?: Payload<'denial'>['code'], options?: CallOptions) => Promise<void>;
  /** Grants without a request. Verified: the recipient's identity statement, own folders. */
  readonly grant: (gift: Gift, options?: CallOptions) => Promise<Grant>;
  readonly listGrants: (state?: GrantFilter, options?: CallOptions) => Promise<readonly Grant[]>;
  readonly getGrant: (id: GrantId, options?: CallOptions) => Promise<GrantWithCells>;
  /** Ends a grant at once: no opening sent after this returns is answered. */
  readonly revoke: (
    grant: Pick<Grant, 'id' | 'statement'>,
    code?: Payload<'revocation'>['code'],
    options?: CallOptions,
  ) => Promise<Grant>;
  /**
   * The whole audit trail, oldest first. Verified: every link from the start, that nothing verified earlier is gone or changed, and the
   * statements behind openings. Complete only for an honest service.
   * @throws {ClientError} `unverified` (`audit`, `evidence`), `rolled-back`
   */
  readonly audit: (options?: CallOptions) => Promise<readonly TrailEntry[]>;
}

const chosen = async (
  ctx: Context,
  ids: readonly FolderId[],
  options: CallOptions,
): Promise<readonly Statement<'folder'>[]> => {
  const own = await listFolders(ctx, options);
  return ids.map((id) => {
    const folder = own.find((f) => f.id === id);
    if (folder === undefined) throw new ClientError('not-mine', 'the folder is not one of the patient');
    return folder.statement;
  });
};

const approve = async (ctx: Context, given: AccessRequest, options: ApproveOptions = {}): Promise<Grant> => {
  const { signal } = options;
  const request = await verifyRequestStatement(ctx, { state: given.state, statement: given.statement.jws });
  if (request.patient !== ctx.keys.id) throw new ClientError('not-mine', 'the request is to somebody else');
  const [recipient, folders] = await Promise.all([
    currentIdentity(ctx, request.recipient, { signal }),
    chosen(ctx, options.folders ?? request.folders, { signal }),
  ]);
  const { number, key } = request.statement.payload.receiving;
  const { receiving } = recipient.payload;
  check('receiving-key', receiving.number === number && receiving.key === key);

  const { statement, body } = await makeGrant(ctx, {
    recipient,
    folders,
    purpose: request.purpose,
    durationSeconds: options.durationSeconds ?? request.durationSeconds,
    openings: options.openings,
    request: request.statement,
  });
  const answer = await ctx.call(
    'approve-request',
    { params: { requestId: request.id }, body: { grants: [body] } },
    { signal },
  );
  const [view] = answer.grants;
  return verifyGrant(ctx, { state: 'active', used: 0, ...view, statement: statement.jws }, ctx.keys.id);
};

const give = async (ctx: Context, gift: Gift, options: CallOptions = {}): Promise<Grant> => {
  const [recipient, folders] = await Promise.all([
    currentIdentity(ctx, gift.recipient, options),
    chosen(ctx, gift.folders, options),
  ]);
  const { purpose, durationSeconds, openings } = gift;
  const { statement, body } = await makeGrant(ctx, { recipient, folders, purpose, durationSeconds, openings });
  const { grant } = statement.payload;
  const view = await ctx.call('grant-access', { params: { grantId: grant }, body }, options);
  return verifyGrant(ctx, { ...view, statement: statement.jws }, ctx.keys.id);
};

const deny = async (
  ctx: Context,
  { id, statement: { hash } }: AccessRequest,
  code: Payload<'denial'>['code'] = 'declined',
  options: CallOptions = {},
): Promise<void> => {
  const payload = { patient: ctx.keys.id, request: id, of: hash, code, when: ctx.now() };
  const { jws } = await signStatement('denial', payload, ctx.keys);
  await ctx.call('deny-request', { params: { requestId: id }, body: { statement: jws } }, options);
};

const revoke = async (
  ctx: Context,
  { id, statement }: Pick<Grant, 'id' | 'statement'>,
  code: Payload<'revocation'>['code'] = 'no-longer-needed',
  options: CallOptions = {},
): Promise<Grant> => {
  const payload = { patient: ctx.keys.id, grant: id, of: statement.hash, code, when: ctx.now() };
  const { jws } = await signStatement('revocation', payload, ctx.keys);
  const view = await ctx.call('revoke-grant', { params: { grantId: id }, body: { statement: jws } }, options);
  if (view.state !== 'revoked')
    throw new ClientError('bad-answer', 'the service does not say that the grant has ended');
  return verifyGrant(ctx, { ...view, statement: statement.jws }, ctx.keys.id);
};

const deleteRecord = async (
  ctx: Context,
  { record, statement }: RecordInfo,
  code: Payload<'deletion'>['code'] = 'no-longer-wanted',
  options: CallOptions = {},
): Promise<void> => {
  const payload = { patient: ctx.keys.id, record, of: statement.hash, code, when: ctx.now() };
  const { jws } = await signStatement('deletion', payload, ctx.keys);
  const view = await ctx.call('delete-record', { params: { recordId: record }, body: { statement: jws } }, options);
  if (view.versions.some((v) => v.state !== 'deleted'))
    throw new ClientError('bad-answer', 'the service does not say that the record is gone');
};

const listOwnRecords = async (
  ctx: Context,
  folder: FolderId,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => {
  const views = await all(
    (cursor) => ctx.call('list-records', { params: { folderId: folder }, query: cursor }, options),
    (page) => page.records,
  );
  return Promise.all(views.map((v) => verifyVersion(v, { patient: ctx.keys.id, folder })));
};

const openOwn = async (
  ctx: Context,
  records: readonly RecordInfo[],
  options: OpenOptions = {},
): Promise<readonly OpenedRecord[]> =>
  openRecords(
    ctx,
    { patient: ctx.keys.id, keysFor: async (r) => ownKeys(ctx, await ownCell(ctx, r.folder, r.epoch, options)) },
    records,
    options,
  );

/** A client that acts as a patient. Holds the keys it is given and nothing on disk. */
export const createPatient = (options: ClientOptions): Patient => {
  const ctx = createContext(options);
  return {
    id: ctx.keys.id,
    memory: ctx.memory,
    register: (o) => register(ctx, o),
    createFolder: (input, o) => createFolder(ctx, input, o),
    listFolders: (o) => listFolders(ctx, o),
    file: async (folder, content, metadata, o) => fileRecord(ctx, folder, content, metadata, o),
    listRecords: (folder, o) => listOwnRecords(ctx, folder, o),
    open: (records, o) => openOwn(ctx, records, o),
    deleteRecord: (record, code, o) => deleteRecord(ctx, record, code, o),
    listRequests: (state, o) => listRequests(ctx, 'patient', state, o),
    approve: (request, o) => approve(ctx, request, o),
    deny: (request, code, o) => deny(ctx, request, code, o),
    grant: (gift, o) => give(ctx, gift, o),
    listGrants: (state, o) => listGrants(ctx, 'patient', state, o),
    getGrant: (id, o) => fetchGrant(ctx, id, ctx.keys.id, o),
    revoke: (grant, code, o) => revoke(ctx, grant, code, o),
    audit: (o) => readTrail(ctx, o),
  };
};
