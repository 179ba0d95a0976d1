// Repeats a call in the folder's new cell when the folder began a new epoch meanwhile.
import { AppError } from '../../api/errors.ts';
import type { Statement } from '../../statements/kinds.ts';

/** A cell of a folder, and how to ask for the folder's current one. */
export interface CellSource {
  readonly cell: Statement<'folder'>;
  /** Fetched anew. */
  readonly current: () => Promise<Statement<'folder'>>;
}

/** How often a folder may begin a new epoch under one call. */
const EPOCH_TRIES = 3;

export const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'cell-closed';

/**
 * @returns what the call gave, and the cell that it was made in
 * @throws {ServiceError} `cell-closed` when each of three cells was closed; whatever else the call throws
 */
export const inCurrentCell = async <T>(
  { cell: first, current }: CellSource,
  call: (cell: Statement<'folder'>) => Promise<T>,
): Promise<{ readonly value: T; readonly cell: Statement<'folder'> }> => {
  let cell = first;
  for (let attempt = 1; ; attempt++) {
    try {
      return { value: await call(cell), cell };
    } catch (error) {
      if (!isClosed(error) || attempt === EPOCH_TRIES) throw error;
    }
    cell = await current();
  }
};
