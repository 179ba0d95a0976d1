// Repeats a call with the folder's new cell if the first cell was closed meanwhile.
import { AppError } from '../../api/errors.ts';
import type { Statement } from '../../statements/kinds.ts';

/** A cell of a folder, and a function that fetches the folder's current cell. */
export interface CellSource {
  readonly cell: Statement<'folder'>;
  /** Fetches the current cell from the service. */
  readonly current: () => Promise<Statement<'folder'>>;
}

/** Maximum number of cells that one call tries. */
const EPOCH_TRIES = 3;

export const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'cell-closed';

/**
 * Makes the call with the first cell. If the service says that the cell is closed, fetches the current cell and makes the call with it.
 * @returns the result of the call, and the cell that it used
 * @throws {ServiceError} `cell-closed` if three cells, one after the other, were closed; any other error of the call
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
