// Record routes: defines paths, inputs, answers and error codes of uploads and records.
import * as z from 'zod/mini';
import type { FolderId, GrantId, UploadId } from '../bytes/ids.ts';
import { integer, listOf, ordinal, randomId, sha256 } from '../statements/fields.ts';
import { none, STORED, type Route } from './route.ts';
import { actBody, ids, jws, labelParts, metadata, nextPage, number, page, wrap } from './shapes.ts';

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

/** The URL to which the client sends a part, and the headers that the request must have. */
export const partTarget = z.strictObject({
  number: partNumber,
  url: z.url(),
  headers: z.record(z.string(), z.string()),
});

export const partTargets = z.strictObject({ parts: z.array(partTarget) });

export const commitBody = z.strictObject({ statement: jws, upload: randomId<UploadId>(), metadata, wrap });

/** The author's statement, the sealed metadata, and, if the author is not the patient, the author's grant. */
const version = z.strictObject({
  statement: jws,
  state: z.enum(['committed', 'deleted']),
  metadata: z.optional(metadata),
  grant: z.optional(jws),
});

/** A version as readers get it, with the sealed label and the companion ciphertext that opens it. A deleted version has neither. */
export const versionView = z.strictObject({ ...version.shape, ...z.partial(z.strictObject(labelParts)).shape });

/** A version that was just filed. `receipt` is the service's signed confirmation, and is present if the author is not the patient. */
export const filedView = z.strictObject({ ...version.shape, receipt: z.optional(jws) });

export const recordPage = z.strictObject({ records: z.array(versionView), ...nextPage });

export const recordView = z.strictObject({ versions: z.array(versionView), deletion: z.optional(jws), ...nextPage });

const { folderId, recordId, grantId } = ids;
const asGrant = { grant: z.optional(grantId) };

export const RECORD_ROUTES = {
  'begin-upload': {
    method: 'PUT',
    path: '/v1/uploads/{recordId}',
    access: 'mutation',
    params: z.strictObject({ recordId }),
    query: none,
    body: uploadOpening,
    answer: [201, uploadView],
    errors: ['not-found', 'cell-closed', 'version-conflict', 'grant-ended', 'grant-not-begun', ...STORED],
    summary: 'Begin to store the blob of a record version',
  },
  'upload-parts': {
    method: 'POST',
    path: '/v1/uploads/{recordId}/parts',
    access: 'read',
    params: z.strictObject({ recordId }),
    query: none,
    body: partsBody,
    answer: [200, partTargets],
    errors: ['not-found', 'upload-not-found'],
    summary: 'URLs for the next parts, up to 16 at a time',
  },
  'commit-record': {
    method: 'PUT',
    path: '/v1/records/{recordId}/versions/{version}',
    access: 'mutation',
    params: z.strictObject({ recordId, version: number(ordinal) }),
    query: none,
    body: commitBody,
    answer: [201, filedView],
    errors: [
      'not-found',
      'statement-invalid',
      'created-too-old',
      'cell-closed',
      'version-conflict',
      'upload-not-found',
      'upload-incomplete',
      'blob-mismatch',
      'capsule-invalid',
      'grant-ended',
      'grant-not-begun',
      ...STORED,
    ],
    summary: 'Make an uploaded record version visible',
  },
  'list-records': {
    method: 'GET',
    path: '/v1/folders/{folderId}/records',
    access: 'read',
    params: z.strictObject({ folderId }),
    query: z.strictObject({ ...page, ...asGrant }),
    body: undefined,
    answer: [200, recordPage],
    errors: ['not-found', 'grant-ended', 'grant-not-begun'],
    summary: 'Statements, sealed metadata and labels of the records of a folder',
  },
  'get-record': {
    method: 'GET',
    path: '/v1/records/{recordId}',
    access: 'read',
    params: z.strictObject({ recordId }),
    query: z.strictObject({ ...page, ...asGrant }),
    body: undefined,
    answer: [200, recordView],
    errors: ['not-found', 'grant-ended', 'grant-not-begun'],
    summary: 'The versions of a record: statements, sealed metadata and labels, no download',
  },
  'delete-record': {
    method: 'POST',
    path: '/v1/records/{recordId}/deletion',
    access: 'mutation',
    params: z.strictObject({ recordId }),
    query: none,
    body: actBody,
    answer: [200, recordView],
    errors: ['not-found', 'statement-invalid', 'statement-outdated', 'chain-moved', ...STORED],
    summary: 'Delete the wraps, metadata and blobs of a record; a tombstone with the statements remains',
  },
} as const satisfies Record<string, Route>;
