// Reads the versions of a record, compares them with the memory, and finds the latest one.
import type { RecordId } from '../../bytes/ids.ts';
import type { Jws } from '../../statements/kinds.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { GrantWithCells } from '../access/verify-grant.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import { listingFolder } from './granted-cells.ts';
import { ownLabels, type LabelReader } from './labels.ts';
import { assertGiven, verifyVersion, type RecordInfo } from './verify-record.ts';
import type { CallOptions } from '../session/transport.ts';

/** A record, the grant under which a recipient reads it, and the means to read its labels. Without a grant, the patient reads it. */
export interface ReadRecord extends Pick<RecordInfo, 'patient' | 'record'> {
  readonly grant?: GrantWithCells | undefined;
  readonly labels: LabelReader;
}

export interface RecordVersions {
  readonly versions: readonly RecordInfo[];
  /** Whether the patient deleted the record. */
  readonly isDeleted: boolean;
}

const rolledBack = (): ClientError =>
  new ClientError(
    'rolled-back',
    'refused: a record that was shown before is missing, has an older version, or was not deleted by the patient',
    'record',
  );

/**
 * Whether the patient deleted the record. A patient's client looks in its own chain of statements. It reads the chain again if the service says that the
 * record is deleted, because another device may have deleted it. A recipient's client verifies the deletion in the answer.
 */
const isDeleted = async (
  ctx: Context,
  { patient, record }: ReadRecord,
  { deletion, isSaid }: { readonly deletion: Jws | undefined; readonly isSaid: boolean },
  options: CallOptions,
): Promise<boolean> => {
  if (patient === ctx.keys.id) {
    const { deletions } = await ctx.chain.state(options);
    return deletions.has(record) || (isSaid && (await ctx.chain.sync(options)).deletions.has(record));
  }
  if (deletion === undefined) return false;
  const { payload } = await checked('record', () => verifyStatement('deletion', deletion, patient));
  check('record', payload.record === record);
  return true;
};

/**
 * Checks that the versions follow each other, and that all of them are in one folder. Otherwise an author with a grant to write another folder could add a
 * version.
 */
const assertOrder = (versions: readonly RecordInfo[], isWhole: boolean): void => {
  const follows = ({ version, statement: { payload } }: RecordInfo, i: number): boolean => {
    const before = versions[i - 1];
    const last = before?.version ?? 0;
    if (version !== last + 1) return version > last && !isWhole;
    return before === undefined || payload.previous === before.statement.hash;
  };
  const isInOneFolder = versions.every(({ folder }) => folder === versions[0]?.folder);
  if (!versions.every(follows) || !isInOneFolder)
    throw new ClientError('unverified', 'refused: the versions do not follow each other', 'record');
};

/** Compares the versions with the memory, and stores them there. @throws {ClientError} `rolled-back` (`record`) if the known version is missing */
const noteVersions = ({ memory }: Context, { record, grant }: ReadRecord, versions: readonly RecordInfo[]): void => {
  const list = grant?.id ?? 'own';
  const known = memory.listedRecord(list, record);
  if (known !== undefined && !versions.some((v) => v.version === known.version)) throw rolledBack();
  for (const { statement } of versions) memory.noteListed(list, listingFolder(grant, statement), statement);
};

/**
 * Reads every version of a record, oldest first. Verified: each signature, the order, that each version names the one before and has its folder, that the
 * known version is there, and whether the patient deleted the record. The patient gets all versions without a gap. A grant may cover only some of the versions.
 * @throws {ClientError} `unverified` (`record`, `author`, `metadata`), `rolled-back` (`record`)
 */
export const readVersions = async (
  ctx: Context,
  read: ReadRecord,
  options: CallOptions = {},
): Promise<RecordVersions> => {
  const { patient, record, grant, labels } = read;
  let deletion: Jws | undefined;
  const views = await all(
    async (cursor) => {
      const query = { ...cursor, ...(grant === undefined ? {} : { grant: grant.id }) };
      const page = await ctx.call('get-record', { params: { recordId: record }, query }, options);
      deletion ??= page.deletion;
      return page;
    },
    (page) => page.versions,
  );
  const versions = await Promise.all(views.map((v) => verifyVersion(v, { patient, record }, labels)));
  if (patient === ctx.keys.id) await assertGiven(ctx, versions, options);
  assertOrder(versions, grant === undefined);
  const isSaid = versions.some((v) => v.state === 'deleted');
  const isGone = await isDeleted(ctx, read, { deletion, isSaid }, options);
  if (isSaid && !isGone) throw rolledBack();
  if (!isGone) noteVersions(ctx, read, versions);
  return { versions: isGone ? versions.map((v) => ({ ...v, state: 'deleted' })) : versions, isDeleted: isGone };
};

/** Lists the versions that {@link readVersions} reads. If the patient deleted the record, all of them are listed as deleted. */
export const listVersions = async (
  ctx: Context,
  read: ReadRecord,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => (await readVersions(ctx, read, options)).versions;

/** Lists every version of one of the patient's records. */
export const listOwnVersions = (
  ctx: Context,
  record: RecordId,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> =>
  listVersions(ctx, { patient: ctx.keys.id, record, labels: ownLabels(ctx, options) }, options);

/** Returns the latest version of one of the patient's records. @throws {ClientError} `not-mine` if there is none */
export const latestVersion = async (ctx: Context, record: RecordId, options: CallOptions = {}): Promise<RecordInfo> => {
  const latest = (await listOwnVersions(ctx, record, options)).at(-1);
  if (latest === undefined) throw new ClientError('not-mine', 'the record has no version');
  return latest;
};
