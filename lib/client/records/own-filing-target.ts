// Builds the filing target for a folder of the patient, whose cell no ended grant can read.
import type { FolderId } from '../../bytes/ids.ts';
import { assertClosed, closeCells, foldersToClose } from '../access/close-cells-of-ended-grants.ts';
import type { GivenAccess } from '../chain/given-access.ts';
import type { KnownAccess } from '../chain/statement-chain.ts';
import type { Context } from '../session/context.ts';
import type { CallOptions } from '../session/transport.ts';
import type { FilingTarget } from './file-record.ts';
import { folderIn } from './folders.ts';
import type { RecordInfo } from './verify-record.ts';

/** Builds the filing target for one of the patient's folders. It settles ended grants first, so that no record is filed into a cell that they could read. */
export const ownTarget = async (
  ctx: Context,
  folder: FolderId,
  before: RecordInfo | undefined,
  options: CallOptions = {},
): Promise<FilingTarget> => {
  const closed = async (): Promise<GivenAccess> => {
    const { given, open } = await closeCells(ctx, options);
    assertClosed(open, [folder]);
    return given;
  };
  const cellIn = async (given: GivenAccess) => (await folderIn(ctx, given, folder)).statement;
  /** The newest cell, which is first closed if a grant that can read it has ended. */
  const unread = async (given: KnownAccess) =>
    cellIn((await foldersToClose(ctx, given, new Set())).has(folder) ? await closed() : given);
  let first: GivenAccess | undefined = await closed();
  // The chain was read a moment ago. It is read again only if the service says that this cell is closed.
  const current = async () => {
    const given = first;
    first = undefined;
    return given === undefined ? unread(await ctx.chain.sync(options)) : cellIn(given);
  };
  // A grant may have ended during the upload. The clock and the acts of this client tell, without a call.
  const afterUpload = async () => unread({ ...(await ctx.chain.state(options)), pending: ctx.memory.pending() });
  return { patient: ctx.keys.id, folder, current, afterUpload, before };
};
