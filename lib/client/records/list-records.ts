// Lists the patient's own records, and the versions of a record.
import type { FolderId, GrantId, RecordId } from '../../bytes/ids.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { all } from '../session/pagination.ts';
import { verifyVersion, type RecordInfo } from './verify-record.ts';
import type { CallOptions } from '../session/transport.ts';

export const listOwnRecords = async (
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

/**
 * Lists every version of a record, oldest first. Verified: each signature, their order, and that each names the one before. The patient gets all
 * versions without a gap. A grant may cover only some of them.
 */
export const listVersions = async (
  ctx: Context,
  { patient, record, grant }: Pick<RecordInfo, 'patient' | 'record'> & { readonly grant?: GrantId },
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => {
  const query = grant === undefined ? {} : { grant };
  const views = await all(
    (cursor) => ctx.call('get-record', { params: { recordId: record }, query: { ...cursor, ...query } }, options),
    (page) => page.versions,
  );
  const versions = await Promise.all(views.map((v) => verifyVersion(v, { patient, record })));
  const follows = ({ version, statement: { payload } }: RecordInfo, i: number): boolean => {
    const before = versions[i - 1];
    const last = before?.version ?? 0;
    if (version !== last + 1) return version > last && grant !== undefined;
    return before === undefined || payload.previous === before.statement.hash;
  };
  if (!versions.every(follows))
    throw new ClientError('unverified', 'refused: the versions do not follow each other', 'record');
  return versions;
};

/** Returns the latest version of an own record. @throws {ClientError} `not-mine` if there is none */
export const latestVersion = async (ctx: Context, record: RecordId, options: CallOptions = {}): Promise<RecordInfo> => {
  const latest = (await listVersions(ctx, { patient: ctx.keys.id, record }, options)).at(-1);
  if (latest === undefined) throw new ClientError('not-mine', 'the record has no version');
  return latest;
};
