// Compares lists of records with the memory. A list must have every known record, in the known version or a later one, unless the patient deleted the
// record.
import { AppError } from '../../api/errors.ts';
import type { FolderId, IdentityId, RecordId } from '../../bytes/ids.ts';
import type { GrantWithCells } from '../access/verify-grant.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { RecordList } from '../session/memory.ts';
import type { CallOptions } from '../session/transport.ts';
import { listingFolder, singleVersionsIn } from './granted-cells.ts';
import type { LabelReader } from './labels.ts';
import { readVersions } from './list-versions.ts';
import type { RecordInfo } from './verify-record.ts';

/** A list of the records of one folder, as the service returned it. A recipient's list has the grant under which the recipient read it. */
export interface ListedFolder {
  readonly grant?: GrantWithCells;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly labels: LabelReader;
}

/** A record that a list must have. */
interface RequiredRecord {
  readonly record: RecordId;
  /** Whether this version shows that the list has the record. */
  readonly isShownBy: (version: RecordInfo) => boolean;
  /** Whether the list may have this version of the record. */
  readonly mayList: (version: RecordInfo) => boolean;
}

const listOf = ({ grant }: ListedFolder): RecordList => grant?.id ?? 'own';

/**
 * Lists the records that a list must have. For a single-record folder these are the versions that the patient's folder statements name, for any other folder
 * the records in the memory, in the known version or a later one.
 */
const requiredIn = ({ memory }: Context, listed: ListedFolder): readonly RequiredRecord[] => {
  const { grant, folder } = listed;
  const singles = singleVersionsIn(grant, folder);
  if (singles.length > 0)
    return singles.map(({ record, version }) => {
      const isIt = (i: RecordInfo): boolean => i.record === record && i.version === version;
      return { record, isShownBy: isIt, mayList: isIt };
    });
  return memory.listedIn(listOf(listed), folder).map((record) => {
    const known = memory.listedRecord(listOf(listed), record);
    return {
      record,
      isShownBy: (i) => i.record === record && known !== undefined && i.version >= known.version,
      mayList: ({ statement }) => listingFolder(grant, statement) === folder,
    };
  });
};

const isNotFound = (error: unknown): boolean => error instanceof AppError && error.code === 'not-found';

const rolledBack = (): ClientError =>
  new ClientError('rolled-back', 'refused: the service does not have a record that the list must have', 'record');

/**
 * Finds the versions of a required record that a list left out, because lists may lag. If the patient deleted the record, there are none.
 * @throws {ClientError} `rolled-back` (`record`) if the service does not have the known version
 */
const findMissing = async (
  ctx: Context,
  listed: ListedFolder,
  { record, mayList }: RequiredRecord,
  options: CallOptions,
): Promise<readonly RecordInfo[]> => {
  const { grant, patient, labels } = listed;
  try {
    const { versions, isDeleted } = await readVersions(ctx, { patient, record, labels, grant }, options);
    if (isDeleted) {
      ctx.memory.forgetListed(listOf(listed), record);
      return [];
    }
    const found = grant === undefined ? versions.slice(-1) : versions.filter(mayList);
    if (found.length === 0) throw rolledBack();
    return found;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw rolledBack();
  }
};

/**
 * Compares a list with the memory and with the patient's statements, and adds the records that the list left out. A listed record that the service says is
 * deleted counts as left out, because only the patient's deletion shows that a record is deleted.
 * @throws {ClientError} `rolled-back` (`record`)
 */
export const withKnownRecords = async (
  ctx: Context,
  listed: ListedFolder,
  shown: readonly RecordInfo[],
  options: CallOptions,
): Promise<readonly RecordInfo[]> => {
  const { grant } = listed;
  const infos = shown.filter((i) => i.state === 'committed');
  const inOrder = infos.toSorted((a, b) => a.version - b.version);
  for (const { statement } of inOrder)
    ctx.memory.noteListed(listOf(listed), listingFolder(grant, statement), statement);
  const missing = requiredIn(ctx, listed).filter((r) => !infos.some(r.isShownBy));
  if (missing.length === 0) return infos;
  const found: RecordInfo[] = [];
  for (const required of missing) found.push(...(await findMissing(ctx, listed, required, options)));
  // The patient's list has one version of each record, a recipient's list all versions.
  const isReplaced = (i: RecordInfo): boolean =>
    found.some((f) => f.record === i.record && (grant === undefined || f.version === i.version));
  return [...infos.filter((i) => !isReplaced(i)), ...found];
};
