// Finds the error with the proof against the service in the error of an opening.
import { RefusedRecordsError, WrongFragmentError } from '../../lib/client/index.ts';

/** Returns the first {@link WrongFragmentError} of a refused record; undefined if there is none. */
export const wrongFragmentIn = (error: unknown): WrongFragmentError | undefined =>
  error instanceof RefusedRecordsError
    ? error.refused.map((r) => r.error).find((e) => e instanceof WrongFragmentError)
    : undefined;
