import { StatementError } from '../../lib/statements/errors.ts';

/** The code with which a promise, or a call, refuses; any error that is not ours is thrown on. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof StatementError) return error.code;
    throw error;
  }
};
