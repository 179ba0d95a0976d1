// Filing a record: seal and store the blob, seal the metadata, wrap the file key to the folder's cell, sign, commit.
import { AppError } from '../../api/errors.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { newId, type FolderId, type IdentityId, type RecordId, type UploadId } from '../../bytes/ids.ts';
import type { ByteSource } from '../../envelope/bytestream.ts';
import { DEFAULT_CHUNK } from '../../envelope/header.ts';
import { sealMetadata, type RecordMetadata } from '../../envelope/metadata.ts';
import { sealBlob, type Heading, type SealedBlob, type SelfSealing } from '../../envelope/seal.ts';
import { wrapHash, wrapKey, type Wrap } from '../../envelope/wrap.ts';
import { decodePublicKey } from '../../umbral/keys.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { verifyReceipt, type Receipt } from '../session/service-key.ts';
import { infoOf, type RecordInfo } from './verify-record.ts';
import { uploadBlob, type UploadOptions } from './upload.ts';

/** The body: bytes, a Blob or File, a stream of any length, or what seals itself: `fileBody` of lib/files. */
export type Content = Uint8Array | Blob | ByteSource | SelfSealing;
/** What describes the record to those who may open it; its length is added. All of it is sealed. */
export type Metadata = Omit<RecordMetadata, 'length'>;
export type FileOptions = UploadOptions;

const sourceOf = (content: Exclude<Content, SelfSealing>): ByteSource => {
  if (content instanceof Uint8Array) return new Blob([content as BlobPart]).stream();
  return content instanceof Blob ? content.stream() : content;
};

/** Where a record is filed, and by what right. */
export interface Place {
  readonly patient: IdentityId;
  readonly folder: FolderId;
  /** The patient's statement of the folder's current cell, fetched anew. */
  readonly current: () => Promise<Statement<'folder'>>;
  /** None for the patient itself. */
  readonly grant?: Statement<'grant'> | undefined;
  /** The version that this one follows; none for a new record. */
  readonly before?: RecordInfo | undefined;
}

/** A record that was filed, with the service's receipt where the author is not the patient. */
export interface FiledRecord extends RecordInfo {
  readonly receipt?: Receipt;
}

/** The right to file ended before the record was stored. What was uploaded waits a day: with another grant it is filed without sending it again. */
export class RightEnded extends ClientError {
  readonly resume: (place: Place) => Promise<FiledRecord>;
  /** The version that it follows. */
  readonly before: RecordInfo | undefined;
  constructor(resume: RightEnded['resume'], before: RecordInfo | undefined, cause: unknown) {
    super('right-ended', 'the right to file ended before the record was stored', undefined, { cause });
    this.resume = resume;
    this.before = before;
  }
}

interface Stored {
  readonly record: RecordId;
  readonly upload: UploadId;
  readonly sealed: SealedBlob;
  readonly fileKey: Uint8Array;
  readonly metadata: Uint8Array;
  readonly previous: string | undefined;
}

/** Metadata that cannot be sealed is refused before anything is read or sent. Tried under a key of its own: the record's seals one only. */
const assertSealable = async (ctx: Context, metadata: Metadata, heading: Heading): Promise<void> => {
  const header = { ...heading, algorithm: 1, chunk: DEFAULT_CHUNK, flags: 0, salt: new Uint8Array(16) };
  try {
    await sealMetadata({ ...metadata, length: Number.MAX_SAFE_INTEGER }, ctx.world.rng(32), header);
  } catch (cause) {
    throw new ClientError('bad-argument', 'the metadata is too long or of the wrong type', undefined, { cause });
  }
};

/** Now, and before the end of the grant: by a clock that is ahead the end has passed, by the service's, which decides, it may not have. */
const createdUnder = (ctx: Context, grant: Statement<'grant'> | undefined): number =>
  Math.min(ctx.now(), (grant?.payload.expires ?? Infinity) - 1);

const seal = async (
  ctx: Context,
  { patient, folder, current, grant, before }: Place,
  cell: Statement<'folder'>,
  { content, metadata }: { readonly content: Content; readonly metadata: Metadata },
  options: FileOptions,
): Promise<Stored> => {
  const record = before?.record ?? newId<RecordId>(ctx.world.rng);
  const version = (before?.version ?? 0) + 1;
  const fileKey = ctx.world.rng(32);
  const heading = { record, version, patient, folder, author: ctx.keys.id, created: createdUnder(ctx, grant) };
  await assertSealable(ctx, metadata, heading);
  const { rng } = ctx.world;
  const sealed = await ('seal' in content
    ? content.seal(fileKey, heading, { rng, signal: options.signal })
    : sealBlob(sourceOf(content), fileKey, heading, { rng }));
  let known: Statement<'folder'> | undefined = cell;
  const epoch = async (): Promise<number> => {
    const now = known ?? (await current());
    known = undefined;
    return now.payload.epoch;
  };
  const destination = { record, version, folder, epoch, grant: grant?.payload.grant };
  const upload = await uploadBlob(ctx, destination, sealed.parts, options);
  const { plainLength } = sealed.facts();
  return {
    record,
    upload,
    sealed,
    fileKey,
    metadata: await sealMetadata({ ...metadata, length: plainLength }, fileKey, sealed.header),
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
  };
};

/** Signs and commits for the cell of this statement. */
const commit = async (
  ctx: Context,
  stored: Stored,
  { grant }: Place,
  { payload: { epoch, key } }: Statement<'folder'>,
  { signal }: FileOptions,
): Promise<FiledRecord> => {
  const wrap = wrapKey(stored.fileKey, decodePublicKey(fromBase64url(key)), ctx.world.rng);
  const statement = await signStatement('record', await payloadOf(stored, epoch, wrap, grant), ctx.keys);
  const { record, version } = statement.payload;
  const answer = await ctx.call(
    'commit-record',
    {
      params: { recordId: record, version },
      body: {
        statement: statement.jws,
        upload: stored.upload,
        metadata: toBase64url(stored.metadata),
        wrap: { capsule: toBase64url(wrap.capsule), wrappedKey: toBase64url(wrap.wrappedKey) },
      },
    },
    { signal },
  );
  const info = infoOf({ statement, grant }, 'committed');
  return grant === undefined ? info : { ...info, receipt: await verifyReceipt(ctx, answer.receipt, statement) };
};

/** How often a folder may begin a new epoch under one filing. */
const EPOCH_TRIES = 3;

const isEnd = (error: unknown): boolean => error instanceof AppError && error.code === 'grant-ended';
const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'cell-closed';

/** The header that the blob was sealed with names its place; in another one the file key would be wrapped for whoever reads there. */
const assertGoesTo = ({ patient, folder, before }: Place, { sealed: { header } }: Stored): void => {
  if (patient !== header.patient || folder !== header.folder || (before?.version ?? 0) + 1 !== header.version)
    throw new ClientError('bad-argument', 'what was uploaded is filed by a grant for the same folder and right');
};

const commitIn = async (
  ctx: Context,
  stored: Stored,
  place: Place,
  first: Statement<'folder'>,
  options: FileOptions,
): Promise<FiledRecord> => {
  let cell = first;
  for (let attempt = 0; attempt < EPOCH_TRIES; attempt++) {
    try {
      return await commit(ctx, stored, place, cell, options);
    } catch (error) {
      if (isEnd(error))
        throw new RightEnded(
          async (other) => {
            assertGoesTo(other, stored);
            return commitIn(ctx, stored, other, await other.current(), options);
          },
          place.before,
          error,
        );
      if (!isClosed(error)) throw error;
      cell = await place.current();
    }
  }
  throw new ClientError('upload-failed', 'the folder began new epochs all the time');
};

/**
 * Files a new record, or the next version of one. When the folder begins a new epoch meanwhile, the file key is wrapped to the new cell and signed
 * again; the blob stays.
 * @throws {ClientError} `upload-failed`, `too-large`, `not-mine`, `bad-argument`; {@link RightEnded}
 */
export const fileRecord = async (
  ctx: Context,
  place: Place,
  content: { readonly content: Content; readonly metadata: Metadata },
  options: FileOptions = {},
): Promise<FiledRecord> => {
  const cell = await place.current();
  const stored = await seal(ctx, place, cell, content, options);
  return commitIn(ctx, stored, place, cell, options);
};
