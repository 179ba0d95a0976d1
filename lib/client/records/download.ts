// Downloads a blob from storage as a stream of bytes. The bytes are not verified here.
import { backOff } from '../session/platform.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { verdictOf } from './s3-answer.ts';

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

const counting = (onProgress: (progress: DownloadProgress) => void): TransformStream<Uint8Array, Uint8Array> => {
  let receivedBytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      receivedBytes += chunk.length;
      onProgress({ receivedBytes });
      controller.enqueue(chunk);
    },
  });
};

const get = async (ctx: Context, url: string, signal?: AbortSignal): Promise<Response | undefined> => {
  try {
    return await ctx.platform.fetch(url, {
      redirect: 'error',
      cache: 'no-store',
      credentials: 'omit',
      ...(signal && { signal }),
    });
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
};

/**
 * Downloads the blob from its first byte. A connection that breaks later errors the stream: a download cannot continue in the middle.
 *
 * @throws {ClientError} `download-failed`
 */
export const downloadBlob = async (
  ctx: Context,
  { url, renew }: Source,
  { onProgress, signal }: DownloadOptions = {},
): Promise<ReadableStream<Uint8Array>> => {
  let current = url;
  let renewed = false;
  for (let attempt = 0; attempt < ctx.tries; attempt++) {
    const response = await get(ctx, current, signal);
    if (response?.ok === true) {
      const body = response.body ?? new ReadableStream<Uint8Array>({ start: (c) => c.close() });
      return onProgress === undefined ? body : body.pipeThrough(counting(onProgress));
    }
    const verdict = response === undefined ? 'again' : await verdictOf(response);
    signal?.throwIfAborted();
    if (attempt + 1 >= ctx.tries) break;
    if (verdict === 'renew' && !renewed) {
      current = await renew();
      renewed = true;
    } else if (verdict === 'again') await ctx.platform.sleep(backOff(ctx.platform.rng, attempt), signal);
    else break;
  }
  throw new ClientError('download-failed', 'storage did not give the blob');
};
