// Transient errors: recognises errors of the platform after which the same call may succeed a little later. This is the only list of them on the server.

/** Names of AWS errors, codes of the reasons in a cancelled DynamoDB transaction, and codes of Node's network errors. */
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
  // Faults of a service, and time-outs.
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

/** Whether an error name or code, or the code of a cancellation reason, is that of a transient error. */
export const isTransientCode = (code: unknown): boolean => TRANSIENT.has(code);

interface AwsError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown } | null;
  /** Set by the SDK on errors that AWS declares as retryable. */
  readonly $retryable?: unknown;
}

/** Whether the same call may succeed a little later. It is unknown whether the failed call had an effect. */
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
