// Folders: the port through which use cases read and write folders and their cells.
import type { FolderId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { Statement, StatementHash } from '../statements/kinds.ts';
import type { Call } from './call.ts';
import type { Carried, CellName, StoredCell } from './cells.ts';
import type { Written } from './written.ts';

export interface Folders {
  /** Finds the cell of the current epoch. */
  find(id: FolderId): Promise<StoredCell | undefined>;
  /** Finds cells of any epochs, at most 100, and returns them in the order of `names`; undefined for a cell that does not exist. */
  cells(names: readonly CellName[]): Promise<readonly (StoredCell | undefined)[]>;
  /**
   * Stores a folder statement. Condition for epoch 1: the folder does not exist (`already-exists`). Condition for a later epoch: the stored statement is
   * still `previous` (`statement-outdated`). The cell of `previous` then becomes closed.
   */
  put(
    statement: Statement<'folder'>,
    previous: StatementHash | undefined,
    event: EventDraft,
    call: Call,
    carried?: Carried,
  ): Promise<Written>;
}
