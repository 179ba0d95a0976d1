// Bodies and answers. Statements travel as compact JWS, bytes as base64url.
import * as z from 'zod/mini';
import type { FolderId, GrantId, RecordId, RequestId, UploadId } from '../bytes/ids.ts';
import {
  between,
  bytesOf,
  category,
  count,
  identity,
  instant,
  integer,
  listOf,
  ordinal,
  purpose,
  randomId,
  right,
  sha256,
} from '../statements/fields.ts';

/** A compact JWS; its inside is checked by verifyStatement. 80 cells make the largest, a grant of about 45 KB. */
export const jws = z.string().check(z.minLength(1), z.maxLength(65_536), z.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/));
/** 40 grants are carried into a new cell at once. */
export const MOST_CARRIED = 40;
const cursor = z.string().check(z.minLength(1), z.maxLength(512), z.regex(/^[\w-]+$/));
/** A number as it stands in a path or query: decimal digits, nothing else. */
export const number = <T extends z.ZodMiniType<number, number>>(of: T) =>
  z.pipe(z.pipe(z.string().check(z.regex(/^(0|[1-9]\d{0,15})$/)), z.transform(Number)), of);
const limit = number(integer(1, 100));
export const page = { cursor: z.optional(cursor), limit: z.optional(limit) };
const nextPage = { next: z.optional(cursor) };

export const statementBody = z.strictObject({ statement: jws });

export const identityView = z.strictObject({ statement: jws, state: z.enum(['active']) });
/** The capsule and the file key encrypted to a cell key (Umbral, profile R). */
export const wrap = z.strictObject({ capsule: bytesOf(105), wrappedKey: bytesOf(72) });
export const extensionBody = z.strictObject({ statement: jws, kfrags: listOf(bytesOf(310), 1, 80) });
/** `wrap` comes with a folder of kind single; `extensions` carry grants into the new cell. */
export const folderBody = z.strictObject({
  statement: jws,
  wrap: z.optional(wrap),
  extensions: z.optional(z.array(extensionBody).check(z.maxLength(MOST_CARRIED))),
});
export const folderView = z.strictObject({ statement: jws, state: z.enum(['current', 'closed']) });
export const folderPage = z.strictObject({ folders: z.array(folderView), ...nextPage });

export const uploadOpening = z.strictObject({
  upload: randomId<UploadId>(),
  folder: randomId<FolderId>(),
  epoch: ordinal,
  version: ordinal,
  multipart: z.boolean(),
  grant: z.optional(randomId<GrantId>()),
});
export const uploadView = z.strictObject({
  upload: randomId<UploadId>(),
  multipart: z.boolean(),
  state: z.enum(['open']),
});

export const partNumber = integer(1, 10_000);
export const partsBody = z.strictObject({
  upload: randomId<UploadId>(),
  parts: listOf(z.strictObject({ number: partNumber, length: integer(1, 8_388_608), sha256 }), 1, 16),
});
/** The client sends the bytes with exactly these headers. */
export const partTarget = z.strictObject({
  number: partNumber,
  url: z.url(),
  headers: z.record(z.string(), z.string()),
});
export const partTargets = z.strictObject({ parts: z.array(partTarget) });

const metadata = between(528, 4112);

export const commitBody = z.strictObject({ statement: jws, upload: randomId<UploadId>(), metadata, wrap });

/** A version as readers get it: the author's statement, the sealed metadata, and the author's grant when the patient is not the author. */
export const versionView = z.strictObject({
  statement: jws,
  state: z.enum(['committed', 'deleted']),
  metadata: z.optional(metadata),
  grant: z.optional(jws),
});
/** `receipt`: the service's, for what others than the patient filed. */
export const filedView = z.strictObject({ ...versionView.shape, receipt: z.optional(jws) });
export const recordPage = z.strictObject({ records: z.array(versionView), ...nextPage });
export const recordView = z.strictObject({ versions: z.array(versionView), deletion: z.optional(jws), ...nextPage });

export const requestState = z.enum(['pending', 'approved', 'denied', 'withdrawn', 'expired']);
export const requestView = z.strictObject({
  statement: jws,
  state: requestState,
  grants: z.optional(z.array(randomId<GrantId>())),
});
export const requestPage = z.strictObject({ requests: z.array(requestView), ...nextPage });

/** No key fragments for a grant to add or write. */
export const grantBody = z.strictObject({ statement: jws, kfrags: z.array(bytesOf(310)).check(z.maxLength(80)) });
/** One grant per right. */
export const approvalBody = z.strictObject({ grants: listOf(grantBody, 1, 3) });
export const grantFilter = z.enum(['active', 'paused', 'expired', 'revoked', 'unsettled', 'standing']);
export const grantState = z.enum(['active', 'not-begun', 'paused', 'revoked', 'expired', 'exhausted']);
export const grantView = z.strictObject({
  statement: jws,
  state: grantState,
  /** Records opened so far. */
  used: count,
  /** Number of the last extension, 0 before the first, and its hash, or the grant's. */
  extensions: count,
  tip: sha256,
  /** Number of the last pause or resumption, 0 before the first. */
  holds: count,
});
export const approvalView = z.strictObject({ grants: z.array(grantView) });
/**
 * The cells that the grant reads, extensions included, by folder and epoch: the folder statement of each, and the extension of which it is the first
 * cell. Of a grant to add or write: the folder as it is now.
 */
export const grantDetail = z.strictObject({
  ...grantView.shape,
  cells: z.array(z.strictObject({ folder: jws, extension: z.optional(jws) })),
  ...nextPage,
});
export const grantPage = z.strictObject({ grants: z.array(grantView), ...nextPage });

export const openedRecord = z.strictObject({
  record: randomId<RecordId>(),
  version: ordinal,
  statement: jws,
  metadata,
  grant: z.optional(jws),
  /** `cfrags` are absent when the patient opens its own record. */
  wrap: z.strictObject({ ...wrap.shape, cfrags: z.optional(z.array(bytesOf(381))) }),
  /** Lives at most five minutes. */
  download: z.strictObject({ url: z.url(), expires: instant }),
});
/**
 * `signed` tells what the opening was answered with: the recapsulation, and the statement of the key that signed it. Absent when the patient opens its
 * own records.
 */
export const openingView = z.strictObject({
  records: z.array(openedRecord),
  signed: z.optional(z.strictObject({ key: jws, answer: jws })),
});

/** The text that is hashed into the chain; `evidence` is the statement behind it where that is kept nowhere else. */
export const auditEvent = z.strictObject({
  event: z.string().check(z.maxLength(65_536)),
  hash: sha256,
  evidence: z.optional(jws),
});
export const auditPage = z.strictObject({ events: z.array(auditEvent), ...nextPage });

export const checkpointView = z.strictObject({ checkpoint: jws });
/** SEC 1 compressed P-256 point. */
export const serviceKeyView = z.strictObject({ key: bytesOf(33) });

export const role = z.enum(['patient', 'recipient']);
export const health = z.strictObject({ status: z.literal('ok') });

export const ids = {
  id: identity,
  folderId: randomId<FolderId>(),
  recordId: randomId<RecordId>(),
  requestId: randomId<RequestId>(),
  grantId: randomId<GrantId>(),
};
export { category, purpose, right };
