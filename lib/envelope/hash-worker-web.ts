// Web Worker that computes SHA-256 over whole parts of a blob by WebCrypto.

/** A part that was sent, and its SHA-256; none where it could not be computed. */
export interface HashedPart {
  readonly part: Uint8Array;
  readonly digest?: ArrayBuffer | undefined;
}

/** The global object of the worker, as far as it is used. */
export interface WebWorkerScope {
  onmessage: unknown;
  readonly crypto: { readonly subtle?: Pick<SubtleCrypto, 'digest'> };
  readonly postMessage: (message: unknown, transfer?: never) => void;
}

/** Says `ready` when it is; each part that it is sent comes back with its digest. */
export const runWorker = (scope: WebWorkerScope): void => {
  const send = scope.postMessage as (message: HashedPart | 'ready', transfer?: readonly ArrayBufferLike[]) => void;
  scope.onmessage = async ({ data: part }: MessageEvent<Uint8Array<ArrayBuffer>>) => {
    let digest: ArrayBuffer | undefined;
    try {
      digest = await scope.crypto.subtle!.digest('SHA-256', part);
    } catch {
      // Answered without a digest.
    }
    send({ part, digest }, [part.buffer]);
  };
  send('ready');
};
