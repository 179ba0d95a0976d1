// Transient errors: recognises errors of the platform after which the same call may succeed a little later. The server has no other list of them.

/** Error names and codes that mean "try again": of AWS, of DynamoDB cancellation reasons, and of Node's network. */
const TRANSIENT: ReadonlySet<unknown> = new Set([
  // Throttling.
  'LimitExceededException',
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'ThrottlingError',
  'ThrottlingException',
  'TooManyRequestsException',
  // Contention.
  'TransactionCanceledException',
  'TransactionConflict',
  'TransactionConflictException',
  'TransactionInProgressException',
  // Faults of a service, and time limits.
  'AbortError',
  'InternalServerError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'TimeoutError',
  // Lost connections.
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Whether `code` is the name or the code of a transient error, or the code of a transient cancellation reason of DynamoDB. */
export const isTransientCode = (code: unknown): boolean => TRANSIENT.has(code);

interface AwsError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown } | null;
  /** The AWS SDK sets it on errors that AWS declares as retryable. */
  readonly $retryable?: unknown;
}

/** Whether the same call may succeed a little later. The failed call may nevertheless have taken effect. */
export const isTransient = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code, $metadata, $retryable } = error as AwsError;
  const status = $metadata?.httpStatusCode;
  return (
    isTransientCode(name) ||
    isTransientCode(code) ||
    (typeof status === 'number' && status >= 500) ||
    ($retryable !== undefined && $retryable !== false)
  );
};
