// Filing a record: seal and store the blob, seal the metadata, wrap the file key to the folder's cell, sign, commit.
import { AppError } from '../api/errors.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import { newId, type FolderId, type RecordId, type UploadId } from '../bytes/ids.ts';
import type { ByteSource } from '../envelope/bytestream.ts';
import { DEFAULT_CHUNK } from '../envelope/header.ts';
import { sealMetadata, type RecordMetadata } from '../envelope/metadata.ts';
import { sealBlob, type Heading, type SealedBlob } from '../envelope/seal.ts';
import { wrapHash, wrapKey, type Wrap } from '../envelope/wrap.ts';
import { decodePublicKey } from '../umbral/keys.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { signStatement } from '../statements/sign.ts';
import type { Context } from './context.ts';
import { ClientError } from './errors.ts';
import { ownFolder } from './folders.ts';
import { infoOf, type RecordInfo } from './records.ts';
import { uploadBlob, type UploadOptions } from './upload.ts';

/** The body: bytes, a Blob or File, or a stream of any length. */
export type Content = Uint8Array | Blob | ByteSource;
/** What describes the record to those who may open it; its length is added. All of it is sealed. */
export type Metadata = Omit<RecordMetadata, 'length'>;
export type FileOptions = UploadOptions;

const sourceOf = (content: Content): ByteSource => {
  if (content instanceof Uint8Array) return new Blob([content as BlobPart]).stream();
  return content instanceof Blob ? content.stream() : content;
};

interface Stored {
  readonly record: RecordId;
  readonly upload: UploadId;
  readonly sealed: SealedBlob;
  readonly fileKey: Uint8Array;
  readonly metadata: Uint8Array;
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

const seal = async (
  ctx: Context,
  folder: Statement<'folder'>,
  content: Content,
  metadata: Metadata,
  options: FileOptions,
): Promise<Stored> => {
  const record = newId<RecordId>(ctx.world.rng);
  const fileKey = ctx.world.rng(32);
  const { id } = ctx.keys;
  const { folder: folderId } = folder.payload;
  const heading = { record, version: 1, patient: id, folder: folderId, author: id, created: ctx.now() };
  await assertSealable(ctx, metadata, heading);
  const sealed = await sealBlob(sourceOf(content), fileKey, heading, { rng: ctx.world.rng });
  let known: Statement<'folder'> | undefined = folder;
  const epoch = async (): Promise<number> => {
    const current = known ?? (await ownFolder(ctx, folderId, options)).statement;
    known = undefined;
    return current.payload.epoch;
  };
  const upload = await uploadBlob(ctx, { record, version: 1, folder: folderId, epoch }, sealed.parts, options);
  const { plainLength } = sealed.facts();
  return {
    record,
    upload,
    sealed,
    fileKey,
    metadata: await sealMetadata({ ...metadata, length: plainLength }, fileKey, sealed.header),
  };
};

const payloadOf = async ({ sealed, metadata }: Stored, epoch: number, wrap: Wrap): Promise<Payload<'record'>> => {
  const { header, commit } = sealed;
  const { length, digest } = sealed.facts();
  return {
    record: header.record,
    version: header.version,
    patient: header.patient,
    folder: header.folder,
    epoch,
    author: header.author,
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
  { payload: { epoch, key } }: Statement<'folder'>,
  { signal }: FileOptions,
): Promise<Statement<'record'>> => {
  const wrap = wrapKey(stored.fileKey, decodePublicKey(fromBase64url(key)), ctx.world.rng);
  const statement = await signStatement('record', await payloadOf(stored, epoch, wrap), ctx.keys);
  await ctx.call(
    'commit-record',
    {
      params: { recordId: stored.record, version: 1 },
      body: {
        statement: statement.jws,
        upload: stored.upload,
        metadata: toBase64url(stored.metadata),
        wrap: { capsule: toBase64url(wrap.capsule), wrappedKey: toBase64url(wrap.wrappedKey) },
      },
    },
    { signal },
  );
  return statement;
};

/** How often a folder may begin a new epoch under one filing. */
const EPOCH_TRIES = 3;

/**
 * Files a new record. When the folder begins a new epoch meanwhile, the file key is wrapped to the new cell and signed again; the blob stays.
 * @throws {ClientError} `upload-failed`, `too-large`, `not-mine`, `bad-argument`
 */
export const fileRecord = async (
  ctx: Context,
  folder: FolderId,
  content: Content,
  metadata: Metadata,
  options: FileOptions = {},
): Promise<RecordInfo> => {
  let { statement: cell } = await ownFolder(ctx, folder, options);
  const stored = await seal(ctx, cell, content, metadata, options);
  for (let attempt = 0; attempt < EPOCH_TRIES; attempt++) {
    try {
      return infoOf(await commit(ctx, stored, cell, options), 'committed');
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'cell-closed') throw error;
      cell = (await ownFolder(ctx, folder, options)).statement;
    }
  }
  throw new ClientError('upload-failed', 'the folder began new epochs all the time');
};
