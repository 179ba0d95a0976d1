// Reads the caller's chain of statements and an answer of the service at the same time, so that comparing the two costs no further round trip.
import type { Context } from '../session/context.ts';
import type { CallOptions } from '../session/transport.ts';
import type { GivenAccess } from './given-access.ts';

/**
 * Waits for the answer and reads the chain. If the answer has something that the chain does not have, reads the chain again, because another device may
 * have acted meanwhile.
 * @param isKnown tells whether the chain has everything that the answer names
 */
export const readBeside = async <T>(
  { chain }: Pick<Context, 'chain'>,
  answer: Promise<T>,
  isKnown: (answer: T, given: GivenAccess) => boolean,
  options: CallOptions,
): Promise<readonly [T, GivenAccess]> => {
  const [said, given] = await Promise.all([answer, chain.sync(options)]);
  return [said, isKnown(said, given) ? given : await chain.sync(options)];
};
