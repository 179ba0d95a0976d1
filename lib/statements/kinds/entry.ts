// The entry: one link of the chain of the statements that an identity signed. docs/spec/statements/entry.md specifies it.
import * as z from 'zod/mini';
import { identity, instant, listOf, ordinal, serviceKey, sha256 } from '../fields.ts';

/** Maximum number of statements in one entry: a folder statement with 40 extensions. */
export const MOST_IN_ENTRY = 41;

/** Maximum number of entries that one entry names as void. */
export const MOST_VOID = 8;

/**
 * Maximum length, in characters, of the void statements that come with one entry. The statements of one act have at most 134,000
 * characters: a folder statement with 40 extensions. So an entry, its own statements and the void ones together fit into an item of 400 KB.
 */
export const MOST_VOID_TEXT = 200_000;

const statements = listOf(sha256, 1, MOST_IN_ENTRY);

/** One act: the hashes of its statements in order, the number of the entry in the chain, and the deployment of the service that the act is for. */
export const entryPayload = z.strictObject({
  id: identity,
  service: serviceKey,
  number: ordinal,
  /** Hash of the previous entry. Absent if the number is 1. */
  previous: z.optional(sha256),
  statements,
  /** Entries that the identity signed and the service did not confirm. They are void, and so is each of their statements that no other entry names. */
  voids: z.optional(listOf(z.strictObject({ entry: sha256, statements }), 1, MOST_VOID)),
  issued: instant,
});
