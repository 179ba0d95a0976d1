// Compares lists of records with the memory. A list must have every known record, in the known version or a later one, unless the patient deleted the
// record.
import { AppError } from '../../api/errors.ts';
import type { FolderId, IdentityId, RecordId } from '../../bytes/ids.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { RecordList } from '../session/memory.ts';
import type { CallOptions } from '../session/transport.ts';
import type { LabelReader } from './labels.ts';
import { readVersions } from './list-versions.ts';
import type { RecordInfo } from './verify-record.ts';

/** A list of the records of one folder, as the service returned it. */
export interface ListedFolder {
  readonly list: RecordList;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly labels: LabelReader;
}

const isNotFound = (error: unknown): boolean => error instanceof AppError && error.code === 'not-found';

/**
 * Finds the versions of a known record that a list left out, because lists may lag. If the patient deleted the record, there are none.
 * @throws {ClientError} `rolled-back` (`record`) if the service no longer has the known version
 */
const findMissing = async (
  ctx: Context,
  listed: ListedFolder,
  record: RecordId,
  options: CallOptions,
): Promise<readonly RecordInfo[]> => {
  const { list, patient, labels } = listed;
  const grant = list === 'own' ? {} : { grant: list };
  try {
    const { versions, isDeleted } = await readVersions(ctx, { patient, record, labels, ...grant }, options);
    if (!isDeleted) return list === 'own' ? versions.slice(-1) : versions;
    ctx.memory.forgetListed(list, record);
    return [];
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new ClientError(
      'rolled-back',
      'refused: the service no longer has a record that was listed before',
      'record',
    );
  }
};

/** Whether a list contains this record in the known version or a later one. */
const isListed = (ctx: Context, { list }: ListedFolder, infos: readonly RecordInfo[], record: RecordId): boolean => {
  const known = ctx.memory.listedRecord(list, record);
  return infos.some((i) => i.record === record && known !== undefined && i.version >= known.version);
};

/**
 * Compares a list with the memory, and adds the records that the list left out. A listed record that the service says is deleted counts as left out,
 * because only the patient's deletion shows that a record is deleted.
 * @throws {ClientError} `rolled-back` (`record`)
 */
export const withKnownRecords = async (
  ctx: Context,
  listed: ListedFolder,
  shown: readonly RecordInfo[],
  options: CallOptions,
): Promise<readonly RecordInfo[]> => {
  const { list, folder } = listed;
  const infos = shown.filter((i) => i.state === 'committed');
  const inOrder = infos.toSorted((a, b) => a.version - b.version);
  for (const { statement } of inOrder) ctx.memory.noteListed(list, folder, statement);
  const missing = ctx.memory.listedIn(list, folder).filter((id) => !isListed(ctx, listed, infos, id));
  if (missing.length === 0) return infos;
  const found: RecordInfo[] = [];
  for (const record of missing) found.push(...(await findMissing(ctx, listed, record, options)));
  const replaced = new Set(found.map((i) => i.record));
  return [...infos.filter((i) => !replaced.has(i.record)), ...found];
};
