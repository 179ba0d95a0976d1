// Creates a patient's client. With it the patient makes folders, files records, answers requests, gives and ends grants, and reads the audit trail.
import { AppError } from '../api/errors.ts';
import type { FolderId, GrantId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { FhirExport } from '../fhir/bundle.ts';
import type { Category } from '../statements/fields.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import { eventOf, readTrail, takeCheckpoint, type AuditOptions } from './audit/read-trail.ts';
import { entryBodyOf, type EntryBody } from './chain/statement-chain.ts';
import { ownKeys } from './records/cell-keys.ts';
import type { ClockReading } from './session/clock-correction.ts';
import { createContext, type ClientOptions, type Context } from './session/context.ts';
import { revoke, setPaused, type GrantRef } from './access/change-grant.ts';
import { carryOver, outstanding } from './access/carry-over.ts';
import { settleEnds } from './access/close-cells-of-ended-grants.ts';
import { startEpoch } from './access/start-epoch.ts';
import { ClientError } from './session/errors.ts';
import { exportFhir } from './export-fhir.ts';
import { fileRecord, type Content, type FileOptions, type Metadata } from './records/file-record.ts';
import { listFolders, ownCell, ownFolder, type Folder } from './records/folders.ts';
import { ownTarget } from './records/own-filing-target.ts';
import {
  approve,
  grantAccess,
  preview,
  type ApproveOptions,
  type GrantInput,
  type Grants,
} from './access/grant-access.ts';
import type { GrantFilter } from './access/fetch-grants.ts';
import { fetchGivenGrant, listGivenGrants } from './access/given-grants.ts';
import type { Grant, GrantWithCells } from './access/verify-grant.ts';
import { register, type RegisterOptions } from './identities/identities.ts';
import { createFolder } from './records/create-folder.ts';
import type { Memory } from './session/memory.ts';
import type { Checkpoint, Receipt } from './session/service-statements.ts';
import { openRecords, type OpenOptions } from './records/open-records.ts';
import type { OpenedRecord } from './records/opened-record.ts';
import { listOwnRecords } from './records/list-records.ts';
import { listOwnVersions } from './records/list-versions.ts';
import type { RecordInfo } from './records/verify-record.ts';
import { listReceivedRequests, type AccessRequest, type RequestState } from './access/requests.ts';
import {
  openingsIn,
  type RecordOpening,
  type OpeningFilter,
  type Trail,
  type TrailEntry,
} from './session/verified-trail.ts';
import type { CallOptions } from './session/transport.ts';

/**
 * The functions of a patient. "Verified:" lists what the client checks in the service's answer before the function returns. Every function may also throw
 * AppError (a refusal by the service) and ClientError (`network`, `bad-answer`, `wrong-clock`).
 */
export interface Patient {
  readonly id: IdentityId;
  /** The newest verified statements, and the pending entries. Store `memory.export()` for the next start. The option `save` stores it before each act. */
  readonly memory: Memory;
  /** Returns the correction of this device's clock, with the signed time; undefined if there is no correction. */
  readonly clock: () => ClockReading | undefined;
  /** Registers the identity statement. A second call changes nothing. If `name` is absent, the registered name stays; `name: null` removes it. */
  readonly register: (options?: RegisterOptions) => Promise<Statement<'identity'>>;
  /**
   * @param input.name 1 to about 1,000 bytes, at least one visible character; encrypted, so that only the patient can read it
   * @throws {ClientError} `bad-argument` for another name or an unknown category
   */
  readonly createFolder: (
    input: { readonly name: string; readonly category: Category },
    options?: CallOptions,
  ) => Promise<Folder>;
  /**
   * Lists the folders in their current epochs, with decrypted names, from the patient's chain of statements. Verified: the patient's signature, that the
   * cell key is the patient's, and that no folder is older than in the memory.
   * @throws {ClientError} `unverified` (`chain`, `folder-key`, `folder-name`), `rolled-back`
   */
  readonly listFolders: (options?: CallOptions) => Promise<readonly Folder[]>;
  /**
   * Encrypts a body of any length, stores it and makes it visible. The length may be unknown in advance. Memory use does not grow with the body.
   * @throws {ClientError} `upload-failed`, `too-large`, `not-mine`, `bad-argument`; an error of the source is thrown unchanged
   */
  readonly file: (folder: FolderId, content: Content, metadata: Metadata, options?: FileOptions) => Promise<RecordInfo>;
  /** Files the next version of a record. Readers keep their access to earlier versions. In all else it works like `file`. */
  readonly fileVersion: (
    before: RecordInfo,
    content: Content,
    metadata: Metadata,
    options?: FileOptions,
  ) => Promise<RecordInfo>;
  /** Lists the latest version of each record in a folder, oldest first. Verified: the author's signature, and that the sealed metadata is the signed one. */
  readonly listRecords: (folder: FolderId, options?: CallOptions) => Promise<readonly RecordInfo[]>;
  /**
   * Lists all versions of a record, oldest first. Verified: as in `listRecords`, that each version names the one before, and that no version
   * in the memory is missing.
   */
  readonly listVersions: (record: RecordId, options?: CallOptions) => Promise<readonly RecordInfo[]>;
  /** Opens the patient's own records. The trail records the opening. Verified: the same as in a recipient's `open`, except grant and capsule fragments. */
  readonly open: (records: readonly RecordInfo[], options?: OpenOptions) => Promise<readonly OpenedRecord[]>;
  /** Deletes the wraps, the metadata and the blobs of a record. The statements of the record stay as a tombstone. */
  readonly deleteRecord: (
    record: RecordInfo,
    code?: Payload<'deletion'>['code'],
    options?: CallOptions,
  ) => Promise<void>;
  /**
   * Lists requests to this patient. Verified: the recipient's signature, and the patient's own answers. Only the id identifies the recipient, because
   * recipients choose their names themselves. The service can leave requests out.
   * @throws {ClientError} `unverified` (`request`), also for an answer that the patient did not sign; `not-mine`
   */
  readonly listRequests: (state?: RequestState, options?: CallOptions) => Promise<readonly AccessRequest[]>;
  /**
   * Approves a request: signs one grant to read over the whole scope of the request, and one grant per folder for `add` and for `write`. Verified: the
   * signature of the request, the recipient's identity statement and receiving key, that the request names this key, and the patient's folders.
   * @throws {ClientError} `unverified`, `exceeds-request`, `not-mine`, `unverified-recipient`; {AppError} `request-closed` if the request has expired, or
   *   the patient has answered it
   */
  readonly approve: (request: AccessRequest, options?: ApproveOptions) => Promise<Grants>;
  /** Lists the folders that an approval of this request would open now. */
  readonly preview: (request: AccessRequest, options?: CallOptions) => Promise<readonly Folder[]>;
  readonly deny: (request: AccessRequest, code?: Payload<'denial'>['code'], options?: CallOptions) => Promise<void>;
  /**
   * Grants access without a request. Verified: the recipient's identity statement, and the patient's folders. For categories and for everything, the function
   * lists the folders as `listFolders` does.
   * @throws {ClientError} `unverified`, `not-mine`, `bad-argument`
   */
  readonly grant: (input: GrantInput, options?: CallOptions) => Promise<Grants>;
  /**
   * Lists the grants that the patient gave, oldest first. Verified: each grant, and whether it is revoked or paused, by the patient's own statements. Not
   * verified: whether a grant has ended in another way, and how often it was used.
   * @throws {ClientError} `unverified` (`grant`) for a grant that the patient did not give; `rolled-back` (`grant`) if the service denies that a grant
   *   exists
   */
  readonly listGrants: (state?: GrantFilter, options?: CallOptions) => Promise<readonly Grant[]>;
  /** Finds a grant that the patient gave, with its cells. Verified: as in `listGrants`. */
  readonly getGrant: (id: GrantId, options?: CallOptions) => Promise<GrantWithCells>;
  /** Pauses a grant at once. After this returns, the service refuses every opening under the grant until the grant is resumed. */
  readonly pause: (grant: GrantRef, options?: CallOptions) => Promise<Grant>;
  readonly resume: (grant: GrantRef, options?: CallOptions) => Promise<Grant>;
  /** Revokes a grant at once. After this returns, the service refuses every opening under the grant. */
  readonly revoke: (grant: GrantRef, code?: Payload<'revocation'>['code'], options?: CallOptions) => Promise<Grant>;
  /**
   * Settles ended grants: starts a new epoch of each folder that they could read, and carries the other grants over. Every function that files a record or
   * gives a grant settles ended grants first.
   */
  readonly settle: (options?: CallOptions) => Promise<void>;
  /** Starts the next epoch of a folder, even if no grant has ended. */
  readonly startEpoch: (folder: FolderId, options?: CallOptions) => Promise<Folder>;
  /** Lists the outstanding grants of a folder: each lacks a cell that it should have. `carryOver` adds the cells. */
  readonly outstanding: (folder: FolderId, options?: CallOptions) => Promise<readonly Grant[]>;
  /** Extends the outstanding grants by the cells that they lack. @returns how many grants it extended */
  readonly carryOver: (folder: FolderId, options?: CallOptions) => Promise<number>;
  /**
   * Stores the fact that the patient has verified this id in person, with `safetyNumber` or a scanned code.
   * @throws {ClientError} `bad-argument` if it is no identity id
   */
  readonly verify: (id: IdentityId) => void;
  /** Fetches a checkpoint, and compares it with the verified trail and with the chain of statements. @throws {TrailError} `rolled-back` */
  readonly checkpoint: (options?: CallOptions) => Promise<Checkpoint>;
  /** Finds the event that a receipt names. @throws {ClientError} `unverified` (`receipt`) if the trail does not contain it */
  readonly eventOf: (receipt: Receipt, options?: CallOptions) => Promise<TrailEntry>;
  /**
   * Finds openings in the whole verified trail: who opened which record, when, and for which purpose. The purpose comes from the signed grant.
   * @throws {TrailError} like `audit`
   */
  readonly openings: (filter?: OpeningFilter, options?: AuditOptions) => Promise<readonly RecordOpening[]>;
  /** The verified trail. The caller stores `trail.export()` for the next start. */
  readonly trail: Trail;
  /**
   * Reads the whole audit trail, oldest first. It verifies every link from the start, and the statement that caused each event. It checks that the events of
   * an earlier reading are still there and unchanged, that the earlier events allow each event, and that every act in the patient's chain of statements has
   * its event. It cannot notice that a dishonest service hides events that others caused.
   * @throws {TrailError} `unverified`, `rolled-back`, with the number of the event; {ClientError} `unverified` (`chain`), `rolled-back` (`chain`)
   */
  readonly audit: (options?: AuditOptions) => Promise<readonly TrailEntry[]>;
  /**
   * Exports every grant and request as FHIR R4 Consent (IHE PCF), and the whole trail as AuditEvent (IHE BALP), in one Bundle (docs/spec/fhir-export.md).
   * The Bundle contains ids and codes, but no folder names, messages or bodies. Verified: the trail as in `audit`, every statement, that no grant of the
   * trail is missing, and that the states of grants and requests agree with the trail.
   * @throws {TrailError} like `audit`; {ClientError} `unverified` (`grant`, `request`, and the checks of `getGrant`)
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
  await ctx.chain.append(async ({ answers }) => {
    if (answers.get(id) === 'denied') return { done: undefined };
    if (answers.has(id)) throw new AppError('request-closed');
    const statement = await signStatement('denial', payload, ctx.keys);
    const send = async (entry: EntryBody) => {
      await ctx.call(
        'deny-request',
        { params: { requestId: id }, body: { statement: statement.jws, ...entry } },
        options,
      );
    };
    return { statements: [statement], send };
  }, options);
};

const deleteRecord = async (
  ctx: Context,
  { record, statement: { hash } }: RecordInfo,
  code: Payload<'deletion'>['code'] = 'no-longer-wanted',
  options: CallOptions = {},
): Promise<void> => {
  const payload = { patient: ctx.keys.id, record, of: hash, code, when: await ctx.clock.date(options) };
  await ctx.chain.append(async ({ deletions, entries }) => {
    const statement = deletions.get(record) ?? (await signStatement('deletion', payload, ctx.keys));
    const send = async (entry: EntryBody) => {
      const body = { statement: statement.jws, ...entry };
      const view = await ctx.call('delete-record', { params: { recordId: record }, body }, options);
      if (view.versions.some((v) => v.state !== 'deleted'))
        throw new ClientError('bad-answer', 'the service does not say that the record is gone');
    };
    // If the chain already has the deletion, the client sends it again. The service then deletes the blobs that an interrupted deletion left.
    const again = entries.get(statement.hash);
    if (again === undefined) return { statements: [statement], send };
    await send(entryBodyOf(again));
    return { done: undefined };
  }, options);
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

/** Creates a client that acts as a patient. The client keeps the keys in RAM only and writes nothing to disk. */
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
    listVersions: (record, o) => listOwnVersions(ctx, record, o),
    open: (records, o) => openOwn(ctx, records, o),
    deleteRecord: (record, code, o) => deleteRecord(ctx, record, code, o),
    listRequests: (state, o) => listReceivedRequests(ctx, state, o),
    approve: (request, o) => approve(ctx, request, o),
    preview: (request, o) => preview(ctx, request, o),
    deny: (request, code, o) => deny(ctx, request, code, o),
    grant: (input, o) => grantAccess(ctx, input, o),
    listGrants: (state, o) => listGivenGrants(ctx, state, o),
    getGrant: (id, o) => fetchGivenGrant(ctx, id, o),
    pause: (grant, o) => setPaused(ctx, 'pause', grant, o),
    resume: (grant, o) => setPaused(ctx, 'resumption', grant, o),
    revoke: (grant, code, o) => revoke(ctx, grant, code, o),
    settle: (o) => settleEnds(ctx, o),
    startEpoch: async (folder, o) => startEpoch(ctx, await ownFolder(ctx, folder, o), o),
    outstanding: async (folder, o) => outstanding(ctx, await ownFolder(ctx, folder, o), o),
    carryOver: async (folder, o) => carryOver(ctx, await ownFolder(ctx, folder, o), o),
    verify: ctx.memory.noteVerified,
    audit: (o) => readTrail(ctx, o),
    exportFhir: (o) => exportFhir(ctx, ctx.origin, o),
    checkpoint: (o) => takeCheckpoint(ctx, o),
    eventOf: (receipt, o) => eventOf(ctx, receipt, o),
    openings: async (filter, o) => openingsIn(await readTrail(ctx, o), filter),
    trail: ctx.trail,
  };
};
