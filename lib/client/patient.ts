// The patient: owns folders, files records, answers requests, grants and revokes, reads the trail.
import type { FolderId, GrantId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { FhirExport } from '../fhir/bundle.ts';
import type { Category } from '../statements/fields.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import { eventOf, readTrail, takeCheckpoint, type AuditOptions } from './audit/read-trail.ts';
import { ownKeys } from './records/cell-keys.ts';
import type { ClockReading } from './session/clock-correction.ts';
import { createContext, type ClientOptions, type Context } from './session/context.ts';
import { revoke, setPaused, type GrantRef, type PausableGrantRef } from './access/end-grant.ts';
import { carryOver, outstanding } from './access/carry-over.ts';
import { settleEnds } from './access/settle.ts';
import { startEpoch } from './access/start-epoch.ts';
import { ClientError } from './session/errors.ts';
import { exportFhir } from './audit/export-fhir.ts';
import { fileRecord, type Content, type FileOptions, type Metadata, type FilingTarget } from './records/file-record.ts';
import { listFolders, ownCell, ownFolder, type Folder } from './records/folders.ts';
import {
  approve,
  grantAccess,
  preview,
  type ApproveOptions,
  type GrantInput,
  type Grants,
} from './access/grant-access.ts';
import { fetchGrant, listGrants, type Grant, type GrantFilter, type GrantWithCells } from './access/grants.ts';
import { register, type RegisterOptions } from './identities/identities.ts';
import { createFolder } from './records/create-folder.ts';
import type { Memory } from './session/memory.ts';
import type { Checkpoint, Receipt } from './session/service-key.ts';
import { openRecords, type OpenedRecord, type OpenOptions } from './records/open-records.ts';
import { listOwnRecords, listVersions } from './records/list-records.ts';
import type { RecordInfo } from './records/verify-record.ts';
import { listRequests, type AccessRequest, type RequestState } from './access/requests.ts';
import { readWithPurposes } from './audit/reconcile.ts';
import { openingsIn, type RecordOpening, type OpeningFilter, type Trail, type TrailEntry } from './session/trail.ts';
import type { CallOptions } from './session/transport.ts';

/** Every function may throw AppError (the service's refusal) and ClientError (`network`, `bad-answer`) besides what it names. */
export interface Patient {
  readonly id: IdentityId;
  /** What to keep for the next time: `memory.export()`. */
  readonly memory: Memory;
  /** The correction of this device's clock, with the signed time; undefined if there is none. */
  readonly clock: () => ClockReading | undefined;
  /** Puts the identity statement in its place. Doing it twice changes nothing. */
  readonly register: (options?: RegisterOptions) => Promise<Statement<'identity'>>;
  /** @param input.name 1 to about 900 bytes; sealed, so that only the patient reads it */
  readonly createFolder: (
    input: { readonly name: string; readonly category: Category },
    options?: CallOptions,
  ) => Promise<Folder>;
  /**
   * The folders' current epochs. Verified: own signature, own key, nothing older than what is remembered; the names are opened.
   * The list may lag: a folder made just before may be missing from it. It can be filed into, granted and opened all the same.
   * @throws {ClientError} `unverified` (`folder`, `folder-key`, `folder-name`), `rolled-back`
   */
  readonly listFolders: (options?: CallOptions) => Promise<readonly Folder[]>;
  /**
   * Seals a file of any length, also one whose length is not known before its end, stores it and makes it visible. Memory does not grow
   * with the file.
   * @throws {ClientError} `upload-failed`, `too-large`, `not-mine`, `bad-argument`; whatever the source throws
   */
  readonly file: (folder: FolderId, content: Content, metadata: Metadata, options?: FileOptions) => Promise<RecordInfo>;
  /** The next version of a record. Those before stay readable to whoever may read them. Otherwise as `file`. */
  readonly fileVersion: (
    before: RecordInfo,
    content: Content,
    metadata: Metadata,
    options?: FileOptions,
  ) => Promise<RecordInfo>;
  /** The records of a folder, latest versions, oldest first. Verified: the author's signature, and that the sealed metadata is the signed one. */
  readonly listRecords: (folder: FolderId, options?: CallOptions) => Promise<readonly RecordInfo[]>;
  /** Every version of a record, oldest first. Verified: as for a list, and that each names the one before. */
  readonly listVersions: (record: RecordId, options?: CallOptions) => Promise<readonly RecordInfo[]>;
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
   * Answers a request: one grant to read over all that it reaches, and for adding and writing one per folder.
   * Verified: the request's signature, the recipient's identity statement, that it holds the receiving key and asked with that key, own folders.
   * @throws {ClientError} `unverified`, `exceeds-request`, `not-mine`, `unverified-recipient`
   */
  readonly approve: (request: AccessRequest, options?: ApproveOptions) => Promise<Grants>;
  /** What approving would open, now: the folders that the request reaches. */
  readonly preview: (request: AccessRequest, options?: CallOptions) => Promise<readonly Folder[]>;
  readonly deny: (request: AccessRequest, code?: Payload<'denial'>['code'], options?: CallOptions) => Promise<void>;
  /**
   * Grants without a request. Verified: the recipient's identity statement, own folders. Categories and everything reach what `listFolders` shows.
   * @throws {ClientError} `unverified`, `not-mine`, `bad-argument`
   */
  readonly grant: (input: GrantInput, options?: CallOptions) => Promise<Grants>;
  readonly listGrants: (state?: GrantFilter, options?: CallOptions) => Promise<readonly Grant[]>;
  readonly getGrant: (id: GrantId, options?: CallOptions) => Promise<GrantWithCells>;
  /** Holds a grant at once: no opening sent after this returns is answered until it is resumed. */
  readonly pause: (grant: PausableGrantRef, options?: CallOptions) => Promise<Grant>;
  readonly resume: (grant: PausableGrantRef, options?: CallOptions) => Promise<Grant>;
  /** Ends a grant at once: no opening sent after this returns is answered. */
  readonly revoke: (grant: GrantRef, code?: Payload<'revocation'>['code'], options?: CallOptions) => Promise<Grant>;
  /**
   * Closes the cells of grants that ended, by new epochs, and carries the other grants over. Also done before anything is filed or granted.
   */
  readonly settle: (options?: CallOptions) => Promise<void>;
  /** Starts a folder's next epoch, whatever ended. */
  readonly startEpoch: (folder: FolderId, options?: CallOptions) => Promise<Folder>;
  /** Grants that are to read a folder and do not read all of it yet; `carryOver` sees to it. */
  readonly outstanding: (folder: FolderId, options?: CallOptions) => Promise<readonly Grant[]>;
  /** Gives them the cells that they miss. @returns how many grants that were */
  readonly carryOver: (folder: FolderId, options?: CallOptions) => Promise<number>;
  /** The owner made sure in person that this id is whom it should be: `safetyNumber`, or a scanned code. */
  readonly verify: (id: IdentityId) => void;
  /** The service's signature on the end of the trail, held against the verified trail. @throws {TrailError} `rolled-back` */
  readonly checkpoint: (options?: CallOptions) => Promise<Checkpoint>;
  /** The event that a receipt names. @throws {ClientError} `unverified` (`receipt`) when the trail leaves it out */
  readonly eventOf: (receipt: Receipt, options?: CallOptions) => Promise<TrailEntry>;
  /**
   * Who opened what, when, for what purpose: over the trail, read to its end and verified; the purpose is that of the grant as the patient signed it.
   * @throws {TrailError} as `audit`; {ClientError} `unverified` (`grant`)
   */
  readonly openings: (filter?: OpeningFilter, options?: AuditOptions) => Promise<readonly RecordOpening[]>;
  /** What to keep of the trail for the next time: `trail.export()`. */
  readonly trail: Trail;
  /**
   * The whole audit trail, oldest first. Verified: every link from the start, that nothing verified earlier is gone or changed, and the
   * statements behind openings. Complete only for an honest service.
   * @throws {TrailError} `unverified`, `rolled-back`, with the place of the entry; {ClientError} `unverified` (`evidence`)
   */
  readonly audit: (options?: AuditOptions) => Promise<readonly TrailEntry[]>;
  /**
   * Every grant and request as FHIR R4 Consent (IHE PCF) and the whole trail as AuditEvent (IHE BALP), in one Bundle: docs/spec/fhir-export.md. Ids
   * and codes only: no name of a folder, no message, no content. Verified: the trail as for `audit`, every statement, that no grant is missing which
   * the trail has, and that grants and requests are made, extended, held, ended and answered as the trail has it.
   * @throws {TrailError} as `audit`; {ClientError} `unverified` (`grant`, `request`, and what `getGrant` checks)
   */
  readonly exportFhir: (options?: AuditOptions) => Promise<FhirExport>;
}

const deny = async (
  ctx: Context,
  { id, statement: { hash } }: AccessRequest,
  code: Payload<'denial'>['code'] = 'declined',
  options: CallOptions = {},
): Promise<void> => {
  const payload = { patient: ctx.keys.id, request: id, of: hash, code, when: await ctx.clock.date(options) };
  const { jws } = await signStatement('denial', payload, ctx.keys);
  await ctx.call('deny-request', { params: { requestId: id }, body: { statement: jws } }, options);
};

/** A place in an own folder; what ended is closed first, so that nothing is filed where somebody could still read it. */
const ownTarget = async (
  ctx: Context,
  folder: FolderId,
  before: RecordInfo | undefined,
  options: CallOptions = {},
): Promise<FilingTarget> => {
  await settleEnds(ctx, options);
  const current = async () => (await ownFolder(ctx, folder, options)).statement;
  return { patient: ctx.keys.id, folder, current, before };
};

const deleteRecord = async (
  ctx: Context,
  { record, statement }: RecordInfo,
  code: Payload<'deletion'>['code'] = 'no-longer-wanted',
  options: CallOptions = {},
): Promise<void> => {
  const payload = { patient: ctx.keys.id, record, of: statement.hash, code, when: await ctx.clock.date(options) };
  const { jws } = await signStatement('deletion', payload, ctx.keys);
  const view = await ctx.call('delete-record', { params: { recordId: record }, body: { statement: jws } }, options);
  if (view.versions.some((v) => v.state !== 'deleted'))
    throw new ClientError('bad-answer', 'the service does not say that the record is gone');
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
    clock: ctx.clock.reading,
    register: (o) => register(ctx, o),
    createFolder: (input, o) => createFolder(ctx, input, o),
    listFolders: (o) => listFolders(ctx, o),
    file: async (folder, content, metadata, o) =>
      fileRecord(ctx, await ownTarget(ctx, folder, undefined, o), { content, metadata }, o),
    fileVersion: async (before, content, metadata, o) =>
      fileRecord(ctx, await ownTarget(ctx, before.folder, before, o), { content, metadata }, o),
    listRecords: (folder, o) => listOwnRecords(ctx, folder, o),
    listVersions: (record, o) => listVersions(ctx, { patient: ctx.keys.id, record }, o),
    open: (records, o) => openOwn(ctx, records, o),
    deleteRecord: (record, code, o) => deleteRecord(ctx, record, code, o),
    listRequests: (state, o) => listRequests(ctx, 'patient', state, o),
    approve: (request, o) => approve(ctx, request, o),
    preview: (request, o) => preview(ctx, request, o),
    deny: (request, code, o) => deny(ctx, request, code, o),
    grant: (input, o) => grantAccess(ctx, input, o),
    listGrants: (state, o) => listGrants(ctx, 'patient', state, o),
    getGrant: (id, o) => fetchGrant(ctx, id, ctx.keys.id, o),
    pause: (grant, o) => setPaused(ctx, 'pause', grant, o),
    resume: (grant, o) => setPaused(ctx, 'resumption', grant, o),
    revoke: (grant, code, o) => revoke(ctx, grant, code, o),
    settle: (o) => settleEnds(ctx, o),
    startEpoch: async (folder, o) => startEpoch(ctx, await ownFolder(ctx, folder, o), o),
    outstanding: async (folder, o) => outstanding(ctx, await ownFolder(ctx, folder, o), o),
    carryOver: async (folder, o) => carryOver(ctx, await ownFolder(ctx, folder, o), o),
    verify: ctx.memory.noteVerified,
    audit: (o) => readTrail(ctx, o),
    exportFhir: (o) => exportFhir(ctx, options.origin, o),
    checkpoint: (o) => takeCheckpoint(ctx, o),
    eventOf: (receipt, o) => eventOf(ctx, receipt, o),
    openings: async (filter, o) => openingsIn(await readWithPurposes(ctx, o), filter),
    trail: ctx.trail,
  };
};
