// Helper for tests of statements: returns the error code of a refusal.
import { StatementError } from '../../lib/statements/errors.ts';

/** Returns the code of the StatementError that a call throws, or `accepted` if it throws nothing. Rethrows an error of another class. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof StatementError) return error.code;
    throw error;
  }
};
