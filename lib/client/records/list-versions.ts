// Lists the versions of a record, and finds the latest one.
import type { GrantId, RecordId } from '../../bytes/ids.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import { ownLabels, type LabelReader } from './labels.ts';
import { verifyVersion, type RecordInfo } from './verify-record.ts';
import type { CallOptions } from '../session/transport.ts';

/** A record, and the means to read its labels. */
export interface VersionList extends Pick<RecordInfo, 'patient' | 'record'> {
  /** Absent if the caller is the patient. */
  readonly grant?: GrantId;
  readonly labels: LabelReader;
}

/**
 * Lists every version of a record, oldest first. Verified: each signature, the order, and that each version names the one before. The patient gets all
 * versions without a gap; if the patient's chain of statements has a deletion of the record, all are listed as deleted. A grant may cover only some of the
 * versions.
 */
export const listVersions = async (
  ctx: Context,
  { patient, record, grant, labels }: VersionList,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => {
  const query = grant === undefined ? {} : { grant };
  const views = await all(
    (cursor) => ctx.call('get-record', { params: { recordId: record }, query: { ...cursor, ...query } }, options),
    (page) => page.versions,
  );
  const versions = await Promise.all(views.map((v) => verifyVersion(v, { patient, record }, labels)));
  const follows = ({ version, statement: { payload } }: RecordInfo, i: number): boolean => {
    const before = versions[i - 1];
    const last = before?.version ?? 0;
    if (version !== last + 1) return version > last && grant !== undefined;
    return before === undefined || payload.previous === before.statement.hash;
  };
  if (!versions.every(follows))
    throw new ClientError('unverified', 'refused: the versions do not follow each other', 'record');
  if (patient !== ctx.keys.id) return versions;
  const { deletions } = await ctx.chain.state(options);
  return versions.map((v) => (deletions.has(v.record) ? { ...v, state: 'deleted' } : v));
};

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
