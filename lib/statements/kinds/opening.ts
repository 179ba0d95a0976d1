// The opening statement: which records an identity opens. docs/spec/statements/openings.md specifies it.
import * as z from 'zod/mini';
import type { FolderId, GrantId, OpeningId, RecordId } from '../../bytes/ids.ts';
import { identity, instant, listOf, ordinal, randomId } from '../fields.ts';

/** The opener signs in advance what it opens. The statement is the body of a `recapsulate` call, and the evidence of that call in the trail. */
export const openingPayload = z.strictObject({
  opening: randomId<OpeningId>(),
  patient: identity,
  opener: identity,
  grant: z.optional(randomId<GrantId>()),
  folder: randomId<FolderId>(),
  epoch: ordinal,
  records: listOf(z.strictObject({ record: randomId<RecordId>(), version: ordinal }), 1, 100),
  when: instant,
});
