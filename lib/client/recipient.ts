// The recipient: asks for access, and opens what it was granted. It trusts the patient's signature and nothing that the service says.
import type { FolderId, GrantId, IdentityId } from '../bytes/ids.ts';
import type { Statement } from '../statements/kinds.ts';
import { createContext, type ClientOptions, type Context } from './context.ts';
import { ClientError } from './errors.ts';
import {
  fetchGrant,
  listGrants,
  type Grant,
  type GrantedCell,
  type GrantFilter,
  type GrantWithCells,
} from './grants.ts';
import { register, type RegisterOptions } from './identities.ts';
import type { Memory } from './memory.ts';
import { grantedKeys, openRecords, type OpenedRecord, type OpenOptions } from './opening.ts';
import { all } from './pages.ts';
import { verifyVersion, type RecordInfo } from './records.ts';
import { listRequests, requestAccess, type AccessRequest, type RequestState, type Wish } from './requests.ts';
import type { CallOptions } from './transport.ts';

/** Every function may throw AppError (the service's refusal) and ClientError (`network`, `bad-answer`) besides what it names. */
export interface Recipient {
  readonly id: IdentityId;
  /** What to keep for the next time: `memory.export()`. */
  readonly memory: Memory;
  /** Puts the identity statement in its place. Doing it twice changes nothing. */
  readonly register: (options?: RegisterOptions) => Promise<Statement<'identity'>>;
  readonly request: (wish: Wish, options?: CallOptions) => Promise<AccessRequest>;
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
  /** The records that a grant shows of a folder. Verified: the author's signature, and that the sealed metadata is the signed one. */
  readonly listRecords: (
    grant: GrantWithCells,
    folder: FolderId,
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
}

const listGranted = async (
  ctx: Context,
  { id, patient }: Grant,
  folder: FolderId,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => {
  const views = await all(
    (cursor) => ctx.call('list-records', { params: { folderId: folder }, query: { ...cursor, grant: id } }, options),
    (page) => page.records,
  );
  return Promise.all(views.map((v) => verifyVersion(v, { patient, folder })));
};

/** The granted cell that a record is opened through: that of its own epoch, else the newest of its folder. */
const cellFor = ({ cells }: GrantWithCells, { folder, epoch }: RecordInfo): GrantedCell => {
  const ofFolder = cells.filter((c) => c.folder === folder);
  const cell = ofFolder.find((c) => c.epoch === epoch) ?? ofFolder.toSorted((a, b) => b.epoch - a.epoch)[0];
  if (cell === undefined) throw new ClientError('unknown-cell', 'the grant does not cover the folder of the record');
  return cell;
};

/** A client that acts as a recipient. Holds the keys it is given and nothing on disk. */
export const createRecipient = (options: ClientOptions): Recipient => {
  const ctx = createContext(options);
  return {
    id: ctx.keys.id,
    memory: ctx.memory,
    register: (o) => register(ctx, o),
    request: (wish, o) => requestAccess(ctx, wish, o),
    listRequests: (state, o) => listRequests(ctx, 'recipient', state, o),
    listGrants: (state, o) => listGrants(ctx, 'recipient', state, o),
    grant: (id, patient, o) => fetchGrant(ctx, id, patient, o),
    listRecords: (grant, folder, o) => listGranted(ctx, grant, folder, o),
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
  };
};
