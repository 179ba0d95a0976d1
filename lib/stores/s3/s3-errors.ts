// What S3's refusals mean here. Told by name and status, because the same refusal has other classes in other commands.
import { S3ServiceException, type S3Client } from '@aws-sdk/client-s3';

export interface Bucket {
  readonly s3: S3Client;
  readonly bucket: string;
}

const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof S3ServiceException && names.includes(error.name);

/** No such object, or no such multipart upload: it was completed, aborted, or never begun. */
export const isMissing = (error: unknown): boolean =>
  isNamed(error, 'NotFound', 'NoSuchKey', 'NoSuchUpload') ||
  (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404);

/** Somebody else completed the object, or is about to. */
export const isTaken = (error: unknown): boolean =>
  isNamed(error, 'PreconditionFailed', 'ConditionalRequestConflict') ||
  (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412);

/** The parts, or their sum, are not those that were named. */
export const isOther = (error: unknown): boolean =>
  isNamed(error, 'InvalidPart', 'InvalidPartOrder', 'BadDigest', 'EntityTooSmall', 'InvalidRequest');
