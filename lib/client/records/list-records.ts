// Lists the patient's own records. A record that the patient deleted is never listed.
import type { FolderId } from '../../bytes/ids.ts';
import type { Context } from '../session/context.ts';
import { all } from '../session/pagination.ts';
import { withKnownRecords } from './known-records.ts';
import { ownLabels } from './labels.ts';
import { assertGiven, verifyVersion, type RecordInfo } from './verify-record.ts';
import type { CallOptions } from '../session/transport.ts';

export const listOwnRecords = async (
  ctx: Context,
  folder: FolderId,
  options: CallOptions = {},
): Promise<readonly RecordInfo[]> => {
  const [views, { deletions }] = await Promise.all([
    all(
      (cursor) => ctx.call('list-records', { params: { folderId: folder }, query: cursor }, options),
      (page) => page.records,
    ),
    ctx.chain.sync(options),
  ]);
  const labels = ownLabels(ctx, options);
  const infos = await Promise.all(views.map((v) => verifyVersion(v, { patient: ctx.keys.id, folder }, labels)));
  await assertGiven(ctx, infos, options);
  const left = infos.filter((i) => !deletions.has(i.record));
  return withKnownRecords(ctx, { patient: ctx.keys.id, folder, labels }, left, options);
};
