// Helper for tests of statements: the code of a refusal.
import { StatementError } from '../../lib/statements/errors.ts';

/** The code of the error that a promise or a call gives. An error that is not ours is thrown again. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof StatementError) return error.code;
    throw error;
  }
};
