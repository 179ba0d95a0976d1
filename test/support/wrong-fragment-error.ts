// Finds a WrongFragmentError, which contains a fragment proof, among the errors of records that a client refused to open.
import { RefusedRecordsError, WrongFragmentError } from '../../lib/client/index.ts';

/** Returns the first {@link WrongFragmentError} of a refused record; undefined if there is none. */
export const wrongFragmentIn = (error: unknown): WrongFragmentError | undefined =>
  error instanceof RefusedRecordsError
    ? error.refused.map((r) => r.error).find((e) => e instanceof WrongFragmentError)
    : undefined;
