// Helpers for tests of lib/identity: the code of a refusal, and the printed forms of a value.
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

/** The printed forms of a value: in a template, in JSON, and in the inspector. */
export const shownAsText = (value: { toString(): string }): string => value.toString();
