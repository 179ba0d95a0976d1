// Folders: the port through which use cases read and write folders and their cells.
import type { FolderId, IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { Carried, CellName, StoredCell } from './cells.ts';
import type { Page, PageRequest } from './page.ts';
import type { Written } from './written.ts';

export interface Folders {
  /** The cell of the current epoch. */
  find(id: FolderId): Promise<StoredCell | undefined>;
  /** Cells of any epochs, at most 100, in the order of `names`; undefined if there is no such cell. */
  cells(names: readonly CellName[]): Promise<readonly (StoredCell | undefined)[]>;
  list(patient: IdentityId, page: PageRequest): Promise<Page<StoredCell>>;
  /** The cells of every epoch of a folder, oldest first. */
  epochs(folder: FolderId, page: PageRequest): Promise<Page<StoredCell>>;
  /**
   * Stores a folder statement. Condition for epoch 1: the folder does not exist (`already-exists`). For a later epoch: the stored statement is still
   * `previous` (`statement-outdated`), whose cell becomes closed.
   */
  put(
    statement: Statement<'folder'>,
    previous: StatementHash | undefined,
    event: EventDraft,
    call: Call,
    carried?: Carried,
  ): Promise<Written>;
}
