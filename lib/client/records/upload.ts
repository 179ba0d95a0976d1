// Sends encrypted parts to storage, a few at a time, so that memory use does not grow with the body. For each part the service signs a URL that fixes
// length and digest of the part. The bytes go directly to storage.
import { toBase64url } from '../../bytes/codec.ts';
import { MOST_PARTS } from '../../envelope/header.ts';
import { newId, type FolderId, type GrantId, type RecordId, type UploadId } from '../../bytes/ids.ts';
import { retryWait } from '../session/retry-wait.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { stoppable, within } from '../session/time-limit.ts';
import type { CallOptions } from '../session/transport.ts';
import type { Statement } from '../../statements/kinds.ts';
import { inCurrentCell, type CellSource } from './current-cell.ts';
import { verdictOf, type Verdict } from './s3-answer.ts';
import { checkTarget, type Target } from './upload-target.ts';

/** A part of the blob: 8 MiB; the last part has 1 byte to 8 MiB. */
export interface SealedPart {
  /** Number of the part, from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, 32 bytes. */
  readonly sha256: Uint8Array;
  /** The client calls this function after the part is stored. The buffer of the part can then be reused. */
  readonly release?: () => void;
}

export interface UploadProgress {
  /** Bytes of ciphertext that storage has acknowledged. */
  readonly sentBytes: number;
}

export interface Destination extends CellSource {
  readonly record: RecordId;
  readonly version: number;
  readonly folder: FolderId;
  /** The grant of an author who is not the patient. */
  readonly grant?: GrantId | undefined;
}

/** A completely stored blob. */
export interface Uploaded {
  readonly upload: UploadId;
  /** The folder's cell when the upload began. */
  readonly cell: Statement<'folder'>;
}

export interface UploadOptions extends CallOptions {
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Number of parts that are sent at the same time. Meanwhile the client encrypts the same number of next parts. */
const IN_FLIGHT = 2;
/**
 * Returns the time limit for sending a part, milliseconds: a minute, and a second more for each 8 KiB. It grows with the length, because fetch does not
 * report how much it has sent.
 */
const putLimit = (length: number): number => 60_000 + Math.ceil(length / 8_192) * 1_000;

/** An upload that has begun. */
interface Upload {
  readonly record: RecordId;
  readonly upload: UploadId;
}

const take = async (parts: AsyncIterator<SealedPart>, most: number): Promise<SealedPart[]> => {
  const taken: SealedPart[] = [];
  while (taken.length < most) {
    const next = await parts.next();
    if (next.done === true) break;
    if (next.value.number > MOST_PARTS)
      throw new ClientError('too-large', 'a record has at most 10,000 parts of 8 MiB');
    taken.push(next.value);
  }
  return taken;
};

/**
 * Begins the upload at the service. Each cell has an upload id of its own: the service may have stored the upload in a cell that was closed before the client
 * got an answer, and then takes this id for no other cell.
 * @returns the id of the upload, and the cell in which it began, the newest of the folder
 */
const begin = async (
  ctx: Context,
  { record, version, folder, grant, ...cells }: Destination,
  multipart: boolean,
  options: CallOptions,
): Promise<Uploaded> => {
  const { value: upload, cell } = await inCurrentCell(cells, async ({ payload: { epoch } }) => {
    const id = newId<UploadId>(ctx.platform.rng);
    const body = { upload: id, folder, epoch, version, multipart, ...(grant === undefined ? {} : { grant }) };
    await ctx.call('begin-upload', { params: { recordId: record }, body }, options);
    return id;
  });
  return { upload, cell };
};

const targetsFor = async (
  ctx: Context,
  { record, upload }: Upload,
  parts: readonly SealedPart[],
  options: CallOptions,
): Promise<readonly Target[]> => {
  const asked = parts.map(({ number, bytes, sha256 }) => ({
    number,
    length: bytes.length,
    sha256: toBase64url(sha256),
  }));
  const answer = await ctx.call(
    'upload-parts',
    { params: { recordId: record }, body: { upload, parts: asked } },
    options,
  );
  return parts.map((part) => {
    const target = answer.parts.find((t) => t.number === part.number);
    if (target === undefined) throw new ClientError('bad-answer', 'no target for a part');
    return checkTarget(ctx, part, target);
  });
};

/** Sends the request once. If there is no answer, it returns the cause instead of throwing it, so that the caller decides about another try. */
const put = async (
  ctx: Context,
  { url, headers }: Target,
  bytes: Uint8Array,
  caller?: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly cause?: unknown }> => {
  const { signal, stop } = stoppable(caller);
  const send = async (): Promise<Verdict> =>
    verdictOf(
      await ctx.platform.fetch(url, {
        method: 'PUT',
        headers,
        body: bytes as BodyInit,
        redirect: 'error',
        cache: 'no-store',
        credentials: 'omit',
        signal,
      }),
    );
  try {
    return { verdict: await within(ctx.platform, { ms: putLimit(bytes.length), stop }, send()) };
  } catch (cause) {
    caller?.throwIfAborted();
    return { verdict: 'again', cause };
  }
};

/**
 * Sends one part until it is stored, with a wait between two tries. Each try uses a new URL, because the old one may have expired.
 * @throws {ClientError} `upload-failed`
 */
const sendPart = async (
  ctx: Context,
  upload: Upload,
  part: SealedPart,
  first: Target,
  { signal }: CallOptions,
): Promise<void> => {
  let target = first;
  let reason: unknown;
  for (let attempt = 0; attempt < ctx.tries; attempt++) {
    const { verdict, cause } = await put(ctx, target, part.bytes, signal);
    reason = cause;
    if (verdict === 'done') return;
    if (verdict === 'final' || attempt + 1 >= ctx.tries) break;
    await ctx.platform.sleep(retryWait(ctx.platform.rng, attempt), signal);
    [target = first] = await targetsFor(ctx, upload, [part], { signal });
  }
  throw new ClientError('upload-failed', `storage did not take part ${part.number}`, undefined, { cause: reason });
};

/**
 * Stores the blob of a record version: by one PUT if it has one part, otherwise by an upload in parts.
 * @param parts the parts in order; the client takes them no faster than it sends them
 * @throws {ClientError} `upload-failed`, `too-large`; {ServiceError} `cell-closed`, `version-conflict`, `not-found`
 */
export const uploadBlob = async (
  ctx: Context,
  destination: Destination,
  parts: AsyncIterator<SealedPart>,
  { onProgress, signal }: UploadOptions = {},
): Promise<Uploaded> => {
  const stop = new AbortController();
  const ended = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const { record } = destination;
  let sentBytes = 0;
  const sendAll = async (upload: Upload, group: readonly SealedPart[]): Promise<void> => {
    const targets = await targetsFor(ctx, upload, group, { signal: ended });
    await Promise.all(
      group.map(async (part, i) => {
        await sendPart(ctx, upload, part, targets[i]!, { signal: ended });
        sentBytes += part.bytes.length;
        part.release?.();
        onProgress?.({ sentBytes });
      }),
    );
  };

  try {
    let group = await take(parts, IN_FLIGHT);
    const begun = await begin(ctx, destination, group.length > 1, { signal });
    while (group.length > 0) {
      const sending = sendAll({ record, upload: begun.upload }, group);
      // The client encrypts the next parts while it sends these. If the encryption or the sending fails, both end.
      [group] = await Promise.all([group.length < IN_FLIGHT ? [] : take(parts, IN_FLIGHT), sending]);
    }
    return begun;
  } catch (error) {
    stop.abort(error);
    await parts.return?.();
    throw error;
  }
};
