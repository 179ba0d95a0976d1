// Port of the store of folders.
import type { FolderId, IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { Carried, CellName, StoredCell } from './cells.ts';
import type { Page, PageRequest } from './page.ts';
import type { Written } from './written.ts';

export interface Folders {
  /** The current epoch. */
  find(id: FolderId): Promise<StoredCell | undefined>;
  /** Any epochs, in the order asked for; undefined where there is none. At most 100. */
  cells(names: readonly CellName[]): Promise<readonly (StoredCell | undefined)[]>;
  list(patient: IdentityId, page: PageRequest): Promise<Page<StoredCell>>;
  /** Every epoch of a folder, oldest first. */
  epochs(folder: FolderId, page: PageRequest): Promise<Page<StoredCell>>;
  /** Conditions: epoch 1: the folder does not exist (`already-exists`); later: the stored statement is still `previous`, whose cell closes (`statement-outdated`). */
  put(
    statement: Statement<'folder'>,
    previous: StatementHash | undefined,
    event: EventDraft,
    call: Call,
    carried?: Carried,
  ): Promise<Written>;
}
