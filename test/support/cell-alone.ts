// Creates a cell without carrying a grant over to it. The service can have such a cell, because a client with an old list of grants may leave out a grant.
import { signCell, type NewCell } from '../../lib/client/access/create-cell.ts';
import type { EntryBody } from '../../lib/client/chain/statement-chain.ts';
import type { Context } from '../../lib/client/session/context.ts';
import type { Statement } from '../../lib/statements/kinds.ts';

/** Signs a cell, and stores only the cell and its entry. */
export const putCellAlone = (ctx: Context, cell: NewCell): Promise<Statement<'folder'>> =>
  ctx.chain.append(async () => {
    const { made } = await signCell(ctx, cell);
    const send = async (entry: EntryBody) => {
      const body = { statement: made.jws, ...entry };
      await ctx.call('create-folder', { params: { folderId: made.payload.folder }, body });
      return made;
    };
    return { statements: [made], send };
  });
