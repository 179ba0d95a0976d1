// In-memory versioned bucket. A URL of this bucket contains what it permits and when it expires, and has no signature.
import { Buffer } from 'node:buffer';
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../../../lib/api/errors.ts';
import { concat, equalBytes } from '../../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url } from '../../../lib/bytes/codec.ts';
import { UPLOAD_URL_LIFE } from '../../../lib/domain/record.ts';
import { MINUTE, SECOND } from '../../../lib/domain/time.ts';
import { PART_BYTES, partCount } from '../../../lib/envelope/header.ts';
import type { Blobs, Completion, PartTarget } from '../../../lib/ports/index.ts';
import { uploadName, type MultipartRow, type PartRow, type State } from './state.ts';
import type { Steps } from './steps.ts';

const ORIGIN = 'https://blobs.test';
const DOWNLOAD_LIVES = 5 * MINUTE;

type Expected = Pick<Completion, 'length' | 'digest'>;

const keyOf = (upload: Parameters<typeof uploadName>[0]): string => `b/${uploadName(upload)}`;
const endOf = (now: number, lives: number): number => Math.floor(now / SECOND) * SECOND + lives;
const urlOf = (key: string, query: Readonly<Record<string, string>>): string =>
  `${ORIGIN}/${key}?${new URLSearchParams(query).toString()}`;
const newName = (state: State, what: string): string => `${what}-${(state.named.count += 1)}`;

const digestOf = (parts: readonly PartRow[]): string => toBase64url(sha256(concat(...parts.map((p) => p.sha256))));
const inOrder = ({ parts }: MultipartRow): readonly PartRow[] =>
  [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);

/** Checks that the parts are those of the signed blob. @throws {AppError} `upload-incomplete`, `blob-mismatch` */
const assertParts = (multipart: MultipartRow, { length, digest }: Expected): void => {
  const wanted = partCount(length);
  for (let n = 1; n <= wanted; n++) if (!multipart.parts.has(n)) throw new AppError('upload-incomplete');
  const lengthOf = (n: number): number => (n < wanted ? PART_BYTES : length - (wanted - 1) * PART_BYTES);
  const fit = [...multipart.parts].every(([n, part]) => part.body.length === lengthOf(n));
  if (!fit || digestOf(inOrder(multipart)) !== digest) throw new AppError('blob-mismatch');
};

const putObject = (state: State, key: string, parts: readonly PartRow[]): void => {
  const body = concat(...parts.map((p) => p.body));
  state.objects.set(key, { versionId: newName(state, 'version'), body, digest: digestOf(parts) });
};

/** Completes the upload, unless it was completed before or the object exists. */
const finish = (state: State, key: string, id: string, expected: Expected): void => {
  const multipart = state.multiparts.get(id);
  if (multipart === undefined) return;
  assertParts(multipart, expected);
  if (state.objects.has(key)) return;
  putObject(state, key, inOrder(multipart));
  state.multiparts.delete(id);
};

export const blobSteps = (state: State): Steps<Blobs> => ({
  begin: (record, upload) => {
    const id = newName(state, 'multipart');
    state.multiparts.set(id, { key: keyOf({ record, upload }), parts: new Map() });
    return id;
  },

  abort: (upload) => {
    if (upload.multipart !== undefined) state.multiparts.delete(upload.multipart);
  },

  discard: (upload) => {
    if (upload.multipart !== undefined) state.multiparts.delete(upload.multipart);
    state.objects.delete(keyOf(upload));
  },

  targets: (upload, parts, now) =>
    parts.map(({ number, length, sha256: digest }) => {
      const until = String(endOf(now, UPLOAD_URL_LIFE));
      const { multipart } = upload;
      const of = multipart === undefined ? {} : { partNumber: String(number), uploadId: multipart };
      const headers = {
        'content-length': String(length),
        'x-amz-checksum-sha256': Buffer.from(fromBase64url(digest)).toString('base64'),
        ...(multipart === undefined ? { 'if-none-match': '*' } : {}),
      };
      return { number, url: urlOf(keyOf(upload), { ...of, until }), headers };
    }),

  complete: (upload, expected) => {
    const key = keyOf(upload);
    if (upload.multipart !== undefined) finish(state, key, upload.multipart, expected);
    const object = state.objects.get(key);
    if (object === undefined)
      throw new AppError(upload.multipart === undefined ? 'upload-incomplete' : 'upload-not-found');
    if (object.body.length !== expected.length || object.digest !== expected.digest)
      throw new AppError('blob-mismatch');
    return { key, versionId: object.versionId, ...expected };
  },

  download: ({ key, versionId }, now) => {
    const expires = endOf(now, DOWNLOAD_LIVES);
    return { url: urlOf(key, { versionId, until: String(expires) }), expires };
  },

  purge: (key) => void state.objects.delete(key),

  replaceByEmpty: (key) => {
    if (state.objects.get(key)?.body.length !== 0) putObject(state, key, []);
  },
});

const parsed = (url: string) => {
  const { pathname, searchParams } = new URL(url);
  return { key: pathname.slice(1), query: (name: string) => searchParams.get(name) ?? undefined };
};

/** Stores the bytes that are sent to a target, or refuses them. @returns the HTTP status of the bucket's answer */
export const sendPart = (state: State, { url, headers }: PartTarget, body: Uint8Array, now: number): number => {
  const { key, query } = parsed(url);
  if (now > Number(query('until'))) return 403;
  const part: PartRow = { body, sha256: sha256(body) };
  const named = new Uint8Array(Buffer.from(headers['x-amz-checksum-sha256'] ?? '', 'base64'));
  if (body.length !== Number(headers['content-length']) || !equalBytes(part.sha256, named)) return 400;
  const id = query('uploadId');
  if (id === undefined) {
    if (state.objects.has(key)) return 412;
    putObject(state, key, [part]);
    return 200;
  }
  const multipart = state.multiparts.get(id);
  if (multipart?.key !== key) return 404;
  const number = Number(query('partNumber'));
  state.multiparts.set(id, { key, parts: new Map(multipart.parts).set(number, part) });
  return 200;
};

/** Returns the bytes at a download URL; undefined if the URL has expired or the object does not exist any more. */
export const fetchBlob = (state: State, url: string, now: number): Uint8Array | undefined => {
  const { key, query } = parsed(url);
  const object = state.objects.get(key);
  return now > Number(query('until')) || object?.versionId !== query('versionId') ? undefined : object?.body;
};
