import { IdentityError } from '../../lib/identity/errors.ts';

/** The code with which an attempt refuses; any error that is not ours is thrown on. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
};

/** What lands in a text that the value is put into. */
export const shownAsText = (value: { toString(): string }): string => value.toString();
