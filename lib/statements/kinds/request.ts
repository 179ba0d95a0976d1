// Statements about requests for access, their denial and withdrawal. docs/spec/statements/requests.md specifies them.
import * as z from 'zod/mini';
import type { FolderId, RecordId, RequestId } from '../../bytes/ids.ts';
import {
  between,
  CATEGORIES,
  category,
  identity,
  instant,
  integer,
  listOf,
  MOST_CELLS,
  purpose,
  randomId,
  receivingKey,
  right,
  RIGHTS,
  serviceKey,
  sha256,
} from '../fields.ts';

const folders = listOf(randomId<FolderId>(), 1, MOST_CELLS);
export const categories = listOf(category, 1, CATEGORIES.length);
export const everything = z.literal(true);

/** The scope that a recipient asks for. The patient's client turns it into cells. */
export const scope = z.union([
  z.strictObject({ folders }),
  z.strictObject({ categories }),
  z.strictObject({ everything }),
  z.strictObject({ record: randomId<RecordId>() }),
]);

export type Scope = z.infer<typeof scope>;

/**
 * A recipient asks for access at the deployment that has this service key. `duration` is in seconds. `until` is the time when the request lapses if nobody
 * answers it.
 */
export const requestPayload = z.strictObject({
  request: randomId<RequestId>(),
  patient: identity,
  recipient: identity,
  service: serviceKey,
  receiving: receivingKey,
  scope,
  rights: listOf(right, 1, RIGHTS.length),
  purpose,
  duration: integer(1, 3_155_760_000),
  until: instant,
  message: z.optional(between(1, 5232)),
  created: instant,
});

export const denialPayload = z.strictObject({
  patient: identity,
  request: randomId<RequestId>(),
  of: sha256,
  code: z.enum(['declined', 'unknown-recipient', 'not-needed', 'other']),
  when: instant,
});

export const withdrawalPayload = z.strictObject({
  recipient: identity,
  patient: identity,
  request: randomId<RequestId>(),
  of: sha256,
  code: z.enum(['not-needed', 'mistake', 'other']),
  when: instant,
});
