// The recipient: asks for access, and opens what it was granted. It trusts the patient's signature and nothing that the service says.
import type { FolderId, GrantId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { listOwnEvents, type OwnEvent } from './audit/read-trail.ts';
import { grantedKeys } from './records/cell-keys.ts';
import type { ClockReading } from './session/clock-correction.ts';
import { createContext, type ClientOptions, type Context } from './session/context.ts';
import { giveBack, type GrantRef } from './access/end-grant.ts';
import { ClientError } from './session/errors.ts';
import {
  fetchGrant,
  listGrants,
  type Grant,
  type GrantedCell,
  type GrantFilter,
  type GrantWithCells,
} from './access/grants.ts';
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
import { openRecords, type OpenedRecord, type OpenOptions } from './records/open-records.ts';
import { all } from './session/pagination.ts';
import { listVersions } from './records/list-records.ts';
import { verifyVersion, type Expected, type RecordInfo } from './records/verify-record.ts';
import {
  listRequests,
  requestAccess,
  withdrawRequest,
  type AccessRequest,
  type RequestState,
  type RequestInput,
} from './access/requests.ts';
import type { CallOptions } from './session/transport.ts';

/** Every function may throw AppError (the service's refusal) and ClientError (`network`, `bad-answer`) besides what it names. */
export interface Recipient {
  readonly id: IdentityId;
  /** What to keep for the next time: `memory.export()`. */
  readonly memory: Memory;
  /** The correction of this device's clock, with the signed time; undefined if there is none. */
  readonly clock: () => ClockReading | undefined;
  /** Puts the identity statement in its place. Doing it twice changes nothing. */
  readonly register: (options?: RegisterOptions) => Promise<Statement<'identity'>>;
  /**
   * Puts a new receiving key in place of the last. Pending requests name the last one: withdraw them and ask anew. Grants stay with the key that they
   * were given for; `giveBack` those whose key is lost.
   */
  readonly renewReceivingKey: (options?: CallOptions) => Promise<Statement<'identity'>>;
  readonly request: (input: RequestInput, options?: CallOptions) => Promise<AccessRequest>;
  /** Takes back a request that nobody answered yet. */
  readonly withdraw: (
    request: AccessRequest,
    code?: Payload<'withdrawal'>['code'],
    options?: CallOptions,
  ) => Promise<void>;
  readonly listRequests: (state?: RequestState, options?: CallOptions) => Promise<readonly AccessRequest[]>;
  /** Verified: the signature of the patient that each grant names. Whether that is the patient one means, its id says. */
  readonly listGrants: (state?: GrantFilter, options?: CallOptions) => Promise<readonly Grant[]>;
  /**
   * A grant and the folder statements of its cells. Verified: the patient's signature on all of them, and that each cell is the one of the
   * statement whose hash the grant names.
   * @param patient whom the grant must be from; whoever it names unless given
   * @throws {ClientError} `unverified` (`grant`, `grant-cell`, `folder`), `not-mine`
   */
  readonly grant: (id: GrantId, patient?: IdentityId, options?: CallOptions) => Promise<GrantWithCells>;
  /** Ends a grant at once: it is needed no more, or the receiving key that it was given for is lost or replaced. */
  readonly giveBack: (grant: GrantRef, code?: Payload<'return'>['code'], options?: CallOptions) => Promise<Grant>;
  /** The records that a grant shows of a folder. Verified: the author's signature, and that the sealed metadata is the signed one. */
  readonly listRecords: (
    grant: GrantWithCells,
    folder: FolderId,
    options?: CallOptions,
  ) => Promise<readonly RecordInfo[]>;
  /** The versions of a record that the grant shows, oldest first. Verified: as for a list, and that each names the one before. */
  readonly listVersions: (
    grant: GrantWithCells,
    record: RecordId,
    options?: CallOptions,
  ) => Promise<readonly RecordInfo[]>;
  /**
   * Opens records; each counts, and stands in the patient's trail. Verified before anything is shown: the author's signature and right, the
   * fragment's proof and that it is the granted one, the key's commitment, metadata. While streaming: every chunk before it is given out,
   * and at the end that all of it was the signed blob; a stream that errors must not be used, not even its beginning.
   * @throws {ClientError} `unverified` (`author`, `record`, `capsule`, `cfrag`, `kfrag-id`, `wrap`, `commit`, `metadata`), `unknown-cell`
   */
  readonly open: (
    grant: GrantWithCells,
    records: readonly RecordInfo[],
    options?: OpenOptions,
  ) => Promise<readonly OpenedRecord[]>;
  /**
   * Files a new record under a grant to add. No way to read it back is kept. The receipt names the event in the patient's trail.
   * @throws {ClientError} `upload-failed`, `too-large`, `bad-argument`, `unverified` (`receipt`); {RightEnded} when the grant ended meanwhile
   */
  readonly file: (grant: Grant, content: Content, metadata: Metadata, options?: FileOptions) => Promise<FiledRecord>;
  /** Files the version after `before` under a grant to write. Otherwise as `file`. */
  readonly fileVersion: (
    grant: Grant,
    before: RecordInfo,
    content: Content,
    metadata: Metadata,
    options?: FileOptions,
  ) => Promise<FiledRecord>;
  /**
   * Goes on with a filing whose right ended, under another grant for the same folder and right: what was uploaded is not sent again.
   * @throws {ClientError} `bad-argument` for any other grant; otherwise as `file`
   */
  readonly resumeFiling: (ended: RightEnded, grant: Grant, options?: CallOptions) => Promise<FiledRecord>;
  /** What the caller did in the trails of others, as the service says it. */
  readonly events: (options?: CallOptions) => Promise<readonly OwnEvent[]>;
  /** The owner made sure in person that this id is whom it should be. */
  readonly verify: (id: IdentityId) => void;
}

/** A folder that holds one record version shows a record of another folder, and that one only. */
const expectedIn = ({ patient, cells }: GrantWithCells, folder: FolderId): Expected => {
  const single = cells.find((c) => c.folder === folder)?.statement.payload.single;
  return single === undefined ? { patient, folder } : { patient, record: single.record };
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
  return Promise.all(views.map((v) => verifyVersion(v, expectedIn(grant, folder))));
};

/** The granted cell that a record is opened through: that of its own epoch, or the one that holds it alone. */
const cellFor = ({ cells }: GrantWithCells, { record, version, folder, epoch }: RecordInfo): GrantedCell => {
  const cell =
    cells.find((c) => c.folder === folder && c.epoch === epoch) ??
    cells.find(({ statement: { payload } }) => payload.single?.record === record && payload.single.version === version);
  if (cell === undefined) throw new ClientError('unknown-cell', 'the grant does not cover the cell of the record');
  return cell;
};

/** Where a grant to add or to write lets its recipient file. The folder's current cell is fetched with the grant. */
export const targetUnder = (
  ctx: Context,
  grant: Grant,
  before: RecordInfo | undefined,
  options: CallOptions = {},
): FilingTarget => {
  const [folder] = grant.folders;
  if (folder === undefined || grant.right !== (before === undefined ? 'add' : 'write'))
    throw new ClientError('bad-argument', 'the grant does not have the right for this');
  const current = async () => (await fetchGrant(ctx, grant.id, grant.patient, options)).cells[0]!.statement;
  return { patient: grant.patient, folder, current, grant: grant.statement, before };
};

/** A client that acts as a recipient. Holds the keys it is given and nothing on disk. */
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
    listRequests: (state, o) => listRequests(ctx, 'recipient', state, o),
    giveBack: (grant, code, o) => giveBack(ctx, grant, code, o),
    listGrants: (state, o) => listGrants(ctx, 'recipient', state, o),
    grant: (id, patient, o) => fetchGrant(ctx, id, patient, o),
    listRecords: (grant, folder, o) => listGranted(ctx, grant, folder, o),
    listVersions: ({ id, patient }, record, o) => listVersions(ctx, { patient, record, grant: id }, o),
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
      ended.resume(targetUnder(ctx, grant, grant.right === 'add' ? undefined : ended.before, o)),
    events: (o) => listOwnEvents(ctx, o),
    verify: ctx.memory.noteVerified,
  };
};
