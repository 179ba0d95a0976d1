// Web Worker that computes SHA-256 of whole parts of a blob with WebCrypto.

/** The part, transferred back, and its SHA-256. `digest` is undefined if it could not be computed. */
export interface HashedPart {
  readonly part: Uint8Array;
  readonly digest?: ArrayBuffer | undefined;
}

/** The members of the worker's global object that are used. */
export interface WebWorkerScope {
  onmessage: unknown;
  readonly crypto: { readonly subtle?: Pick<SubtleCrypto, 'digest'> };
  readonly postMessage: (message: unknown, transfer?: never) => void;
}

/** Posts `ready` once it runs, and then one {@link HashedPart} for each part that it receives. */
export const runWorker = (scope: WebWorkerScope): void => {
  const send = scope.postMessage as (message: HashedPart | 'ready', transfer?: readonly ArrayBufferLike[]) => void;
  scope.onmessage = async ({ data: part }: MessageEvent<Uint8Array<ArrayBuffer>>) => {
    let digest: ArrayBuffer | undefined;
    try {
      digest = await scope.crypto.subtle!.digest('SHA-256', part);
    } catch {
      // The answer then has no digest.
    }
    send({ part, digest }, [part.buffer]);
  };
  send('ready');
};
