// Storage container: a container with an S3 client, for the few functions that complete or delete blobs.
import { S3Client } from '@aws-sdk/client-s3';
import { makeBlobs } from '../stores/s3/blobs.ts';
import { makePresign } from '../stores/s3/presign.ts';
import type { Blobs } from '../ports/index.ts';
import { commonOf, makeContainer, TIMES, type Container, type ContainerOptions } from './container.ts';
import { processEnv, readEnv } from './env.ts';
import { once } from './once.ts';

export type StorageContainer = Container & { readonly blobs: Blobs };

const NEEDED = ['BUCKET', 'AWS_REGION', 'AWS_ENDPOINT_URL'] as const;

/** Makes a container like {@link makeContainer}, but with all operations on blobs. */
export function makeStorageContainer(
  source: () => Readonly<Record<string, string | undefined>>,
  options: ContainerOptions = {},
): StorageContainer {
  const blobs = once(() => {
    const env = readEnv(source(), NEEDED);
    const s3 = new S3Client({
      ...commonOf(env),
      requestHandler: TIMES.s3,
      // A local AWS has no separate host name for each bucket, so the bucket must be in the path.
      forcePathStyle: env.AWS_ENDPOINT_URL !== undefined,
      // S3 refuses a checksum header that a presigned URL did not sign, so the SDK must not add one.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    options.onClient?.(s3);
    return makeBlobs(s3, env.BUCKET, makePresign(s3, { bucket: env.BUCKET, endpoint: env.AWS_ENDPOINT_URL }));
  });
  const container = makeContainer(source, options);
  return Object.defineProperty(container, 'blobs', { get: blobs, enumerable: true }) as StorageContainer;
}

export const storageContainer: StorageContainer = makeStorageContainer(processEnv);
