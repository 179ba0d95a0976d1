// Shapes: schemas that several topics use. Statements are compact JWS, and bytes are base64url.
import * as z from 'zod/mini';
import type { FolderId, GrantId, RecordId, RequestId } from '../bytes/ids.ts';
import { between, bytesOf, identity, integer, listOf, randomId } from '../statements/fields.ts';
import { MAX_JWS_LENGTH } from '../statements/jws.ts';
import { MOST_IN_ENTRY, MOST_VOID, MOST_VOID_TEXT } from '../statements/kinds/entry.ts';

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
 * `entry` is the entry of the caller's chain that names the statements of the body. If this entry names earlier entries as void, `voided` contains the
 * statements of these earlier entries. An approval, or a folder with extensions, has one entry for all its statements.
 */
export const entryMembers = {
  entry: jws,
  voided: z.optional(
    listOf(jws, 1, MOST_IN_ENTRY * MOST_VOID).check(
      z.refine((list) => list.join('').length <= MOST_VOID_TEXT, `at most ${MOST_VOID_TEXT} characters`),
    ),
  ),
};
/** A statement of the caller's chain, with its entry. */
export const actBody = z.strictObject({ statement: jws, ...entryMembers });
/** The parts of a wrap with which a list shows the label: the companion ciphertext (X-Wing), and the sealed label of 272 or 528 bytes. */
export const labelParts = {
  companionCiphertext: bytesOf(1120),
  label: between(272, 528).check(z.refine((s) => s.length === 363 || s.length === 704, 'must be 272 or 528 bytes')),
};
/** A file key, encrypted to both keys of a cell: the capsule (Umbral), the companion ciphertext (X-Wing), the encrypted file key, and the sealed label. */
export const wrap = z.strictObject({
  capsule: bytesOf(105),
  companionCiphertext: labelParts.companionCiphertext,
  wrappedKey: bytesOf(48),
  label: labelParts.label,
});

export const metadata = between(528, 4112);
export const role = z.enum(['patient', 'recipient']);
export const ids = {
  id: identity,
  folderId: randomId<FolderId>(),
  recordId: randomId<RecordId>(),
  requestId: randomId<RequestId>(),
  grantId: randomId<GrantId>(),
};
