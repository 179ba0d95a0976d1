// Shapes: schemas that several topics use. Statements are compact JWS, and bytes are base64url.
import * as z from 'zod/mini';
import type { FolderId, GrantId, RecordId, RequestId } from '../bytes/ids.ts';
import { between, bytesOf, identity, integer, listOf, randomId } from '../statements/fields.ts';
import { MAX_JWS_LENGTH } from '../statements/jws.ts';
import { MOST_IN_ENTRY, MOST_VOID } from '../statements/kinds/entry.ts';

/** A compact JWS. verifyStatement checks its content. The largest is a grant with 80 cells, about 45 KB. */
export const jws = z.string().check(z.minLength(1), z.maxLength(MAX_JWS_LENGTH), z.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/));
const cursor = z.string().check(z.minLength(1), z.maxLength(512), z.regex(/^[\w-]+$/));
/** A number in a path or query: decimal digits only. */
export const number = <T extends z.ZodMiniType<number, number>>(of: T) =>
  z.pipe(z.pipe(z.string().check(z.regex(/^(0|[1-9]\d{0,15})$/)), z.transform(Number)), of);
const limit = number(integer(1, 100));
export const page = { cursor: z.optional(cursor), limit: z.optional(limit) };
export const nextPage = { next: z.optional(cursor) };
export const statementBody = z.strictObject({ statement: jws });
/**
 * `entry` is the entry of the caller's chain that names the statements of the body. `voided` are the statements of the entries that it names as void. An
 * approval, or a folder with extensions, has one entry for all its statements.
 */
export const entryMembers = { entry: jws, voided: z.optional(listOf(jws, 1, MOST_IN_ENTRY * MOST_VOID)) };
/** A statement of the caller's chain, with its entry. */
export const actBody = z.strictObject({ statement: jws, ...entryMembers });
/** The capsule, and the file key encrypted to a cell key (Umbral, profile R). */
export const wrap = z.strictObject({ capsule: bytesOf(105), wrappedKey: bytesOf(72) });

export const metadata = between(528, 4112);
export const role = z.enum(['patient', 'recipient']);
export const ids = {
  id: identity,
  folderId: randomId<FolderId>(),
  recordId: randomId<RecordId>(),
  requestId: randomId<RequestId>(),
  grantId: randomId<GrantId>(),
};
