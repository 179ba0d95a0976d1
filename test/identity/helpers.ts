// Helpers for tests of lib/identity: the code of a refusal, and the printed forms of a value.
import { IdentityError } from '../../lib/identity/errors.ts';

/** The code of the error that a call throws. An error that is not ours is thrown again. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
};

/** The texts that a value prints as: in a template, in JSON, and in the inspector. */
export const shownAsText = (value: { toString(): string }): string => value.toString();
