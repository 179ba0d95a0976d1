// Downloads a blob from storage as a stream of bytes. The reader of the stream verifies the bytes.
import { retryWait } from '../session/retry-wait.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { stoppable, TimeLimitError, within } from '../session/time-limit.ts';
import type { CallOptions } from '../session/transport.ts';
import { verdictOf, type Verdict } from './s3-answer.ts';

export interface DownloadProgress {
  /** Bytes of ciphertext that have arrived. */
  readonly receivedBytes: number;
}

export interface DownloadOptions extends CallOptions {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

export interface Source {
  readonly url: string;
  /** Returns a new URL after the old one has expired. It is called at most once. */
  readonly renew: () => Promise<string>;
}

/** Time limit, milliseconds: for the beginning of storage's answer, and then for each further `PROGRESS_BYTES` bytes of the answer. */
const SILENCE = 60_000;
const PROGRESS_BYTES = 16_384;

interface Answer {
  readonly response: Response;
  /** Ends the connection. */
  readonly stop: (reason: Error) => void;
}

/** Sends the request once. @returns the answer if it is the blob; otherwise a verdict, and the cause if there was no answer */
const get = async (
  ctx: Context,
  url: string,
  caller: AbortSignal | undefined,
): Promise<Answer | { readonly verdict: Verdict; readonly cause?: unknown }> => {
  const { signal, stop } = stoppable(caller);
  const ask = async () => {
    const response = await ctx.platform.fetch(url, {
      redirect: 'error',
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
    return response.ok ? { response, stop } : { verdict: await verdictOf(response) };
  };
  try {
    return await within(ctx.platform, { ms: SILENCE, stop }, ask());
  } catch (cause) {
    caller?.throwIfAborted();
    return { verdict: 'again', cause };
  }
};

/** Returns the bytes of the answer, and reports their number. If storage sends them too slowly, the stream ends with an error. A slow reader is no error. */
const bytesOf = (
  ctx: Context,
  { response, stop }: Answer,
  onProgress: DownloadOptions['onProgress'],
): ReadableStream<Uint8Array> => {
  const reader = response.body?.getReader();
  let receivedBytes = 0;
  const readOn = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (let read = 0; read < PROGRESS_BYTES;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) {
        controller.close();
        return;
      }
      read += value.length;
      receivedBytes += value.length;
      onProgress?.({ receivedBytes });
      controller.enqueue(value);
    }
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      await within(ctx.platform, { ms: SILENCE, stop }, readOn(controller));
    } catch (cause) {
      if (!(cause instanceof TimeLimitError)) throw cause;
      const slow = `storage sent less than ${PROGRESS_BYTES} bytes in ${SILENCE / 1000} s`;
      throw new ClientError('download-failed', slow, undefined, { cause });
    }
  };
  return new ReadableStream({ pull, cancel: (reason) => reader?.cancel(reason) }, { highWaterMark: 0 });
};

/**
 * Downloads the blob from its first byte. If the connection breaks or is too slow later, the stream ends with an error, because a download cannot continue
 * in the middle.
 * @throws {ClientError} `download-failed`; `bad-answer` for a URL of another storage
 */
export const downloadBlob = async (
  ctx: Context,
  { url, renew }: Source,
  { onProgress, signal }: DownloadOptions = {},
): Promise<ReadableStream<Uint8Array>> => {
  let current = url;
  let renewed = false;
  let reason: unknown;
  for (let attempt = 0; attempt < ctx.tries; attempt++) {
    const answer = await get(ctx, ctx.checkStorageUrl(current), signal);
    if ('response' in answer) return bytesOf(ctx, answer, onProgress);
    const { verdict, cause } = answer;
    reason = cause;
    signal?.throwIfAborted();
    if (attempt + 1 >= ctx.tries) break;
    if (verdict === 'renew' && !renewed) {
      current = await renew();
      renewed = true;
    } else if (verdict === 'again') await ctx.platform.sleep(retryWait(ctx.platform.rng, attempt), signal);
    else break;
  }
  throw new ClientError('download-failed', 'storage did not give the blob', undefined, { cause: reason });
};
