// Opening routes: defines path, input, answer and error codes of openings.
import * as z from 'zod/mini';
import type { RecordId, OpeningId } from '../bytes/ids.ts';
import { bytesOf, instant, ordinal, randomId } from '../statements/fields.ts';
import { none, STORED, type Route } from './route.ts';
import { jws, metadata, statementBody, wrap } from './shapes.ts';

export const openedRecord = z.strictObject({
  record: randomId<RecordId>(),
  version: ordinal,
  statement: jws,
  metadata,
  grant: z.optional(jws),
  /** `cfrags` is absent if the patient opens its own record. */
  wrap: z.strictObject({ ...wrap.shape, cfrags: z.optional(z.array(bytesOf(381))) }),
  /** A presigned URL. It is valid for at most five minutes. */
  download: z.strictObject({ url: z.url(), expires: instant }),
});

/**
 * The answer to an opening. In `signed`, `answer` is the signed recapsulation with the hashes of the capsules and capsule fragments in this answer, and `key`
 * is the certificate of the proxy key that signed it. `signed` is absent if the patient opens its own records.
 */
export const openingView = z.strictObject({
  records: z.array(openedRecord),
  signed: z.optional(z.strictObject({ key: jws, answer: jws })),
});

export const OPENING_ROUTES = {
  recapsulate: {
    method: 'PUT',
    path: '/v1/openings/{openingId}',
    access: 'mutation',
    params: z.strictObject({ openingId: randomId<OpeningId>() }),
    query: none,
    body: statementBody,
    answer: [200, openingView],
    errors: ['not-found', 'statement-invalid', 'grant-ended', 'grant-not-begun', 'too-many', ...STORED],
    summary: 'Open 1 to 100 records of a cell: recapsulated keys and downloads, counted and in the audit trail',
  },
} as const satisfies Record<string, Route>;
