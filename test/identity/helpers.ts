// Helpers for tests of lib/identity: return the code of a refusal, and the text of a value.
import { IdentityError } from '../../lib/identity/errors.ts';

/** Returns the code of the error that a call throws. Rethrows an error of another class. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
};

/** Returns the text that `toString` of the value returns, as a template literal does. */
export const shownAsText = (value: { toString(): string }): string => value.toString();
