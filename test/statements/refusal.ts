// Helper for tests of statements: returns the error code of a refusal.
import { StatementError } from '../../lib/statements/errors.ts';

/** Returns the code of the error of a promise or a call. Rethrows an error of another class. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof StatementError) return error.code;
    throw error;
  }
};
