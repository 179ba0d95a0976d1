// S3 errors: recognises them by name and status, because the same error has different classes in different commands.
import { S3ServiceException, type S3Client } from '@aws-sdk/client-s3';

export interface Bucket {
  readonly s3: S3Client;
  readonly bucket: string;
}

const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof S3ServiceException && names.includes(error.name);

/** Whether the error says that the object or the multipart upload does not exist: the upload was completed, aborted, or never begun. */
export const isMissing = (error: unknown): boolean =>
  isNamed(error, 'NotFound', 'NoSuchKey', 'NoSuchUpload') ||
  (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404);

/** Whether the error says that a version does not exist. S3 answers the deletion of such a version without an error; LocalStack answers `InvalidArgument`. */
export const isNoVersion = (error: unknown): boolean => isNamed(error, 'NoSuchVersion', 'InvalidArgument');

/** Whether the error says that another request has completed the object, or is about to. */
export const isTaken = (error: unknown): boolean =>
  isNamed(error, 'PreconditionFailed', 'ConditionalRequestConflict') ||
  (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412);

/** Whether the error says that the parts, or the digest of the object, differ from those in the call. */
export const isOther = (error: unknown): boolean =>
  isNamed(error, 'InvalidPart', 'InvalidPartOrder', 'BadDigest', 'EntityTooSmall', 'InvalidRequest');
