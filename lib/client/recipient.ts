// Creates a recipient's client. With it the recipient requests access, and opens and files records under grants. The client trusts only statements that the
// patient signed.
import { AppError } from '../api/errors.ts';
import type { FolderId, GrantId, IdentityId, RecordId } from '../bytes/ids.ts';
import { mayFile, RIGHT_FACTS } from '../domain/grant.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import type { OwnEvent } from '../domain/audit-chain.ts';
import { listOwnEvents } from './audit/read-trail.ts';
import { grantedKeys } from './records/cell-keys.ts';
import type { ClockReading } from './session/clock-correction.ts';
import { createContext, type ClientOptions, type Context } from './session/context.ts';
import { giveBack, type GrantRef } from './access/change-grant.ts';
import { ClientError } from './session/errors.ts';
import { fetchGrant, listReceivedGrants, type GrantFilter } from './access/fetch-grants.ts';
import { hasEnded, type Grant, type GrantedCell, type GrantWithCells } from './access/verify-grant.ts';
import {
  fileRecord,
  type Content,
  type FiledRecord,
  type FileOptions,
  type Metadata,
  type FilingTarget,
  type RightEnded,
} from './records/file-record.ts';
import { register, renewReceivingKey, type RegisterOptions } from './identities/identities.ts';
import type { Memory } from './session/memory.ts';
import { openRecords, type OpenOptions } from './records/open-records.ts';
import type { OpenedRecord } from './records/opened-record.ts';
import { all } from './session/pagination.ts';
import { withKnownRecords } from './records/known-records.ts';
import { cellsWith, singleVersionsIn } from './records/granted-cells.ts';
import { grantedLabels } from './records/labels.ts';
import { listVersions } from './records/list-versions.ts';
import { verifyVersion, type Expected, type RecordInfo } from './records/verify-record.ts';
import {
  listSentRequests,
  requestAccess,
  withdrawRequest,
  type AccessRequest,
  type RequestState,
  type RequestInput,
} from './access/requests.ts';
import type { CallOptions } from './session/transport.ts';

/**
 * The functions of a recipient. "Verified:" lists what the client checks in the service's answer before the function returns. Every function may also throw
 * AppError (a refusal by the service) and ClientError (`network`, `bad-answer`, `wrong-clock`).
 */
export interface Recipient {
  readonly id: IdentityId;
  /** The newest verified statements. The caller stores `memory.export()` for the next start. */
  readonly memory: Memory;
  /** Returns the correction of this device's clock, with the signed time; undefined if there is no correction. */
  readonly clock: () => ClockReading | undefined;
  /** Registers the identity statement. A second call changes nothing. If `name` is absent, the registered name stays; `name: null` removes it. */
  readonly register: (options?: RegisterOptions) => Promise<Statement<'identity'>>;
  /**
   * Replaces the receiving key by the next one. Pending requests name the old key: withdraw them and send new ones. A grant keeps the receiving key that it
   * was made for: return the grants whose key is lost (`giveBack`).
   */
  readonly renewReceivingKey: (options?: CallOptions) => Promise<Statement<'identity'>>;
  readonly request: (input: RequestInput, options?: CallOptions) => Promise<AccessRequest>;
  /** Withdraws a pending request. */
  readonly withdraw: (
    request: AccessRequest,
    code?: Payload<'withdrawal'>['code'],
    options?: CallOptions,
  ) => Promise<void>;
  readonly listRequests: (state?: RequestState, options?: CallOptions) => Promise<readonly AccessRequest[]>;
  /**
   * Lists grants to this recipient. Verified: the signature of the patient that each grant names. The caller must check that this is the patient it expects.
   */
  readonly listGrants: (state?: GrantFilter, options?: CallOptions) => Promise<readonly Grant[]>;
  /**
   * Fetches a grant with the folder statements of its cells. Verified: the patient's signatures on the grant and on each folder statement, and that the grant
   * names the hash of each folder statement.
   * @param patient the expected patient. Default: the patient that the grant names
   * @throws {ClientError} `unverified` (`grant`, `grant-cell`, `folder`), `not-mine`
   */
  readonly grant: (id: GrantId, patient?: IdentityId, options?: CallOptions) => Promise<GrantWithCells>;
  /** Gives a grant back, which ends it at once. Reasons: the recipient no longer needs it, or its receiving key was lost or replaced. */
  readonly giveBack: (grant: GrantRef, code?: Payload<'return'>['code'], options?: CallOptions) => Promise<Grant>;
  /** Lists the records of a folder that a grant covers. Verified: the author's signature, and that the sealed metadata is the signed one. */
  readonly listRecords: (
    grant: GrantWithCells,
    folder: FolderId,
    options?: CallOptions,
  ) => Promise<readonly RecordInfo[]>;
  /**
   * Lists the versions of a record that the grant covers, oldest first. Verified: as in `listRecords`, that each version names the one before, and that no
   * version in the memory is missing.
   */
  readonly listVersions: (
    grant: GrantWithCells,
    record: RecordId,
    options?: CallOptions,
  ) => Promise<readonly RecordInfo[]>;
  /**
   * Opens records. Each record counts as an opening, and the patient's trail records it. Verified before this returns: the author's signature and right,
   * the proof of the capsule fragment, that the capsule fragment comes from the granted key fragment, the key commitment, and the metadata. Verified while
   * streaming: each chunk before the stream returns it, and at the end the digest of the whole blob. If a stream ends with an error, discard all of its
   * bytes.
   * @throws {ClientError} `unverified` (`author`, `record`, `capsule`, `cfrag`, `kfrag-id`, `wrap`, `commit`, `metadata`), `unknown-cell`; {RefusedRecordsError} if some
   *   records are opened and others not
   */
  readonly open: (
    grant: GrantWithCells,
    records: readonly RecordInfo[],
    options?: OpenOptions,
  ) => Promise<readonly OpenedRecord[]>;
  /**
   * Files a new record under a grant to add. The client keeps no key for the record, so the author cannot read the record later. The receipt names the event in
   * the patient's trail.
   * @throws {ClientError} `upload-failed`, `too-large`, `bad-argument`, `unverified` (`receipt`); {RightEnded} if the grant ended meanwhile
   */
  readonly file: (grant: Grant, content: Content, metadata: Metadata, options?: FileOptions) => Promise<FiledRecord>;
  /** Files the version after `before` under a grant to write. In all else it works like `file`. */
  readonly fileVersion: (
    grant: Grant,
    before: RecordInfo,
    content: Content,
    metadata: Metadata,
    options?: FileOptions,
  ) => Promise<FiledRecord>;
  /**
   * Continues a filing whose grant has ended, under another grant for the same folder and right. The uploaded blob is not sent again.
   * @throws {ClientError} `bad-argument` for a grant of another folder or right; otherwise the errors of `file`
   */
  readonly resumeFiling: (ended: RightEnded, grant: Grant, options?: CallOptions) => Promise<FiledRecord>;
  /** Lists the caller's own events in the trails of patients. The client cannot verify them, because the answer lacks the hashes that link them. */
  readonly events: (options?: CallOptions) => Promise<readonly OwnEvent[]>;
  /**
   * Stores the fact that the recipient has verified this id in person, with `safetyNumber` or a scanned code.
   * @throws {ClientError} `bad-argument` if it is no identity id
   */
  readonly verify: (id: IdentityId) => void;
}

/**
 * Returns the members that every listed record of this folder must have: the patient and the folder. A record in a single-record folder names its original
 * folder, so for such a folder the members are the patient, the record id and the version.
 */
const expectedIn = (grant: GrantWithCells, folder: FolderId): Expected => {
  const { patient } = grant;
  const [single] = singleVersionsIn(grant, folder);
  return single === undefined ? { patient, folder } : { patient, record: single.record, version: single.version };
};

const listGranted = async (
  ctx: Context,
  grant: GrantWithCells,
  folder: FolderId,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => {
  const query = { grant: grant.id };
  const views = await all(
    (cursor) => ctx.call('list-records', { params: { folderId: folder }, query: { ...cursor, ...query } }, options),
    (page) => page.records,
  );
  const labels = grantedLabels(ctx, grant);
  const infos = await Promise.all(views.map((v) => verifyVersion(v, expectedIn(grant, folder), labels)));
  return withKnownRecords(ctx, { grant, patient: grant.patient, folder, labels }, infos, options);
};

const cellFor = (grant: GrantWithCells, { statement }: RecordInfo): GrantedCell => {
  const [cell] = cellsWith(grant, statement);
  if (cell === undefined) throw new ClientError('unknown-cell', 'the grant does not cover the cell of the record');
  return cell;
};

/** Builds the filing target of a grant to add or to write. It fetches the folder's current cell together with the grant. */
export const targetUnder = (
  ctx: Context,
  grant: Grant,
  before: RecordInfo | undefined,
  options: CallOptions = {},
): FilingTarget => {
  const [folder] = grant.folders;
  if (folder === undefined || !mayFile(grant.right, (before?.version ?? 0) + 1))
    throw new ClientError('bad-argument', 'the grant does not have the right for this');
  const current = async () => {
    const now = await fetchGrant(ctx, grant.id, grant.patient, options);
    // The client does not compare the cell of an ended grant with the memory. So it must not wrap a key for this cell.
    if (hasEnded(now.state)) throw new AppError('grant-ended', { reason: now.state });
    return now.cells[0]!.statement;
  };
  // This client may have seen a newer epoch of the folder during the upload.
  const afterUpload = async (cell: Statement<'folder'>) => (ctx.memory.knowsNewer(cell) ? current() : cell);
  return { patient: grant.patient, folder, current, afterUpload, grant: grant.statement, before };
};

/** Creates a client that acts as a recipient. The client keeps the keys in RAM only and writes nothing to disk. */
export const createRecipient = (options: ClientOptions): Recipient => {
  const ctx = createContext(options);
  return {
    id: ctx.keys.id,
    memory: ctx.memory,
    clock: ctx.clock.reading,
    register: (o) => register(ctx, o),
    renewReceivingKey: (o) => renewReceivingKey(ctx, o),
    request: (input, o) => requestAccess(ctx, input, o),
    withdraw: (request, code, o) => withdrawRequest(ctx, request, code, o),
    listRequests: (state, o) => listSentRequests(ctx, state, o),
    giveBack: (grant, code, o) => giveBack(ctx, grant, code, o),
    listGrants: (state, o) => listReceivedGrants(ctx, state, o),
    grant: (id, patient, o) => fetchGrant(ctx, id, patient, o),
    listRecords: (grant, folder, o) => listGranted(ctx, grant, folder, o),
    listVersions: (grant, record, o) =>
      listVersions(ctx, { patient: grant.patient, record, grant, labels: grantedLabels(ctx, grant) }, o),
    open: (grant, records, o) =>
      openRecords(
        ctx,
        {
          patient: grant.patient,
          grant: grant.id,
          keysFor: (r) => grantedKeys(ctx, grant, cellFor(grant, r), o),
        },
        records,
        o,
      ),
    file: async (grant, content, metadata, o) =>
      fileRecord(ctx, targetUnder(ctx, grant, undefined, o), { content, metadata }, o),
    fileVersion: async (grant, before, content, metadata, o) =>
      fileRecord(ctx, targetUnder(ctx, grant, before, o), { content, metadata }, o),
    resumeFiling: async (ended, grant, o) =>
      ended.resume(
        targetUnder(ctx, grant, RIGHT_FACTS[grant.right].filesVersion === 'first' ? undefined : ended.before, o),
      ),
    events: (o) => listOwnEvents(ctx, o),
    verify: ctx.memory.noteVerified,
  };
};
