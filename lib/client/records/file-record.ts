// Files a record: encrypts and stores the body, encrypts the metadata, wraps the file key for the folder's cell, signs the record statement and commits.
import { AppError } from '../../api/errors.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64url } from '../../bytes/codec.ts';
import { newId, type FolderId, type IdentityId, type RecordId } from '../../bytes/ids.ts';
import type { ByteSource } from '../../envelope/bytestream.ts';
import { labelHash, labelOf, type Label } from '../../envelope/label.ts';
import { encodeMetadata, sealMetadata, type RecordMetadata } from '../../envelope/metadata.ts';
import { sealBlob, type SealedBlob, type BodySource } from '../../envelope/seal-blob.ts';
import { wrapHash, type Wrap } from '../../envelope/wrap.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { verifyReceipt, type Receipt } from '../session/service-statements.ts';
import { infoOf, type RecordInfo } from './verify-record.ts';
import { inCurrentCell, isClosed } from './current-cell.ts';
import { wrapBody, wrapFor } from './wrap-body.ts';
import { uploadBlob, type Uploaded, type UploadOptions } from './upload.ts';

/** The body: bytes, a Blob or File, a stream of any length, or an object that seals itself, such as `fileBody` of lib/files. */
export type Content = Uint8Array | Blob | ByteSource | BodySource;
/** The description of a record, which is encrypted for its readers. The client adds the length when it files the record. */
export type Metadata = Omit<RecordMetadata, 'length'>;
export type FileOptions = UploadOptions;

const sourceOf = (content: Exclude<Content, BodySource>): ByteSource => {
  if (content instanceof Uint8Array) return new Blob([content as BlobPart]).stream();
  return content instanceof Blob ? content.stream() : content;
};

/** The folder that a record is filed into, and the grant that allows it. */
export interface FilingTarget {
  readonly patient: IdentityId;
  readonly folder: FolderId;
  /** Fetches the patient's statement of the folder's current cell. */
  readonly current: () => Promise<Statement<'folder'>>;
  /**
   * Returns the cell for the wrap, when the upload has ended: the given cell, or a newer one if this client knows that the given one is closed or must be
   * closed. Asks the service only in this case.
   */
  readonly afterUpload: (cell: Statement<'folder'>) => Promise<Statement<'folder'>>;
  /** Absent if the patient files. */
  readonly grant?: Statement<'grant'> | undefined;
  /** The version before this one. Absent for a new record. */
  readonly before?: RecordInfo | undefined;
}

/** A filed record. It has the service's receipt if the author is not the patient. */
export interface FiledRecord extends RecordInfo {
  readonly receipt?: Receipt;
}

/**
 * The error for a grant that ended before the record was committed. The service keeps the upload for a day, and another grant can commit it without a new
 * upload.
 */
export class RightEnded extends ClientError {
  readonly resume: (target: FilingTarget) => Promise<FiledRecord>;
  /** The version before the unfinished one. Absent for a new record. */
  readonly before: RecordInfo | undefined;
  constructor(resume: RightEnded['resume'], before: RecordInfo | undefined, cause: unknown) {
    super('right-ended', 'the right to file ended before the record was stored', undefined, { cause });
    this.resume = resume;
    this.before = before;
  }
}

interface Stored extends Uploaded {
  readonly sealed: SealedBlob;
  readonly fileKey: Uint8Array;
  readonly metadata: Uint8Array;
  readonly label: Label;
  readonly previous: string | undefined;
}

/** Checks the type of the content, because an application in JavaScript may pass anything. The error does not contain the content. */
const assertContent = (content: unknown): void => {
  const isBytes = content instanceof Uint8Array || content instanceof Blob;
  const isSource =
    typeof content === 'object' &&
    content !== null &&
    ('seal' in content || 'getReader' in content || Symbol.asyncIterator in content);
  if (!isBytes && !isSource)
    throw new ClientError(
      'bad-argument',
      typeof content === 'string'
        ? 'the content is a string: pass new Blob([text]) for a text, and fileBody(path) for a file'
        : 'the content is no Uint8Array, Blob, stream or file body',
    );
};

/** Checks the metadata before the body is read or anything is sent. The length of the body is not known yet, so the check uses the largest length. */
const assertSealable = (metadata: Metadata): void => {
  try {
    encodeMetadata({ ...metadata, length: Number.MAX_SAFE_INTEGER });
  } catch (cause) {
    throw new ClientError('bad-argument', 'the metadata is too long or of the wrong type', undefined, { cause });
  }
};

/**
 * Returns the creation time of a record, which must be before the grant expires. The client's clock may have passed the expiry although the service's clock,
 * which decides, has not.
 */
const createdUnder = (ctx: Context, grant: Statement<'grant'> | undefined): number =>
  Math.min(ctx.now(), (grant?.payload.expires ?? Infinity) - 1);

/** Seals body and metadata, and uploads the body. */
const store = async (
  ctx: Context,
  { patient, folder, current, grant, before }: FilingTarget,
  { content, metadata }: { readonly content: Content; readonly metadata: Metadata },
  options: FileOptions,
): Promise<Stored> => {
  const cell = await current();
  const record = before?.record ?? newId<RecordId>(ctx.platform.rng);
  const version = (before?.version ?? 0) + 1;
  const { rng } = ctx.platform;
  const fileKey = rng(32);
  const heading = { record, version, patient, folder, author: ctx.keys.id, created: createdUnder(ctx, grant) };
  assertContent(content);
  assertSealable(metadata);
  const sealed = await ('seal' in content
    ? content.seal(fileKey, heading, { rng, signal: options.signal })
    : sealBlob(sourceOf(content), fileKey, heading, { rng }));
  const destination = { record, version, folder, cell, current, grant: grant?.payload.grant };
  const uploaded = await uploadBlob(ctx, destination, sealed.parts, options);
  const { plainLength } = sealed.facts();
  return {
    ...uploaded,
    sealed,
    fileKey,
    metadata: await sealMetadata({ ...metadata, length: plainLength }, fileKey, sealed.header),
    label: labelOf(metadata),
    previous: before?.statement.hash,
  };
};

const payloadOf = async (
  { sealed, metadata, previous }: Stored,
  epoch: number,
  wrap: Wrap,
  grant: Statement<'grant'> | undefined,
): Promise<Payload<'record'>> => {
  const { header, commit } = sealed;
  const { length, digest } = sealed.facts();
  return {
    record: header.record,
    version: header.version,
    ...(previous === undefined ? {} : { previous }),
    patient: header.patient,
    folder: header.folder,
    epoch,
    author: header.author,
    ...(grant === undefined ? {} : { grant: { id: grant.payload.grant, hash: grant.hash } }),
    created: header.created,
    algorithm: 1,
    chunk: header.chunk,
    flags: header.flags,
    salt: toBase64url(header.salt),
    commit: toBase64url(commit),
    digest: toBase64url(digest),
    length,
    metadata: toBase64url(sha256(metadata)),
    wrap: toBase64url(await wrapHash(wrap)),
    label: toBase64url(labelHash(wrap.companionCiphertext, wrap.label)),
  };
};

/** Signs the record statement for this cell, and commits. */
const commit = async (
  ctx: Context,
  stored: Stored,
  { grant }: FilingTarget,
  cell: Statement<'folder'>,
  { signal }: FileOptions,
): Promise<FiledRecord> => {
  const wrap = await wrapFor(ctx, cell.payload, stored.sealed.header, stored);
  const payload = await payloadOf(stored, cell.payload.epoch, wrap, grant);
  const statement = await signStatement('record', payload, ctx.keys);
  const { record, version } = statement.payload;
  const answer = await ctx.call(
    'commit-record',
    {
      params: { recordId: record, version },
      body: {
        statement: statement.jws,
        upload: stored.upload,
        metadata: toBase64url(stored.metadata),
        wrap: wrapBody(wrap),
      },
    },
    { signal },
  );
  const info = infoOf({ statement, grant }, 'committed', stored.label);
  return grant === undefined ? info : { ...info, receipt: await verifyReceipt(ctx, answer.receipt, statement) };
};

const isEnd = (error: unknown): boolean => error instanceof AppError && error.code === 'grant-ended';

/**
 * Checks the target under which the client continues a filing: its patient, folder and version must be those in the blob's header. Otherwise readers of another
 * folder would get the file key.
 */
const assertGoesTo = ({ patient, folder, before }: FilingTarget, { sealed: { header } }: Stored): void => {
  if (patient !== header.patient || folder !== header.folder || (before?.version ?? 0) + 1 !== header.version)
    throw new ClientError('bad-argument', 'what was uploaded is filed by a grant for the same folder and right');
};

/** Commits the stored upload in the folder's current cell. */
const commitIn = async (
  ctx: Context,
  stored: Stored,
  target: FilingTarget,
  cell: Statement<'folder'>,
  options: FileOptions,
): Promise<FiledRecord> => {
  const resume = async (other: FilingTarget): Promise<FiledRecord> => {
    assertGoesTo(other, stored);
    return commitIn(ctx, stored, other, await other.current(), options);
  };
  try {
    const cells = { cell, current: target.current };
    return (await inCurrentCell(cells, (open) => commit(ctx, stored, target, open, options))).value;
  } catch (error) {
    if (isEnd(error)) throw new RightEnded(resume, target.before, error);
    throw isClosed(error) ? new ClientError('upload-failed', 'the folder began new epochs all the time') : error;
  }
};

/**
 * Files a new record, or the next version of one. If a new epoch of the folder begins meanwhile, the client wraps the file key for the new cell and signs
 * the record statement again. The blob stays the same.
 * @throws {ClientError} `upload-failed`, `too-large`, `not-mine`, `bad-argument`; {@link RightEnded}
 */
export const fileRecord = async (
  ctx: Context,
  target: FilingTarget,
  content: { readonly content: Content; readonly metadata: Metadata },
  options: FileOptions = {},
): Promise<FiledRecord> => {
  const stored = await store(ctx, target, content, options);
  return commitIn(ctx, stored, target, await target.afterUpload(stored.cell), options);
};
