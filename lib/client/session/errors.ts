// Defines the errors that the client itself raises. A refusal by the service is an AppError.
import { PcehrError } from '../../bytes/errors.ts';
import { AppError, type ErrorCode, type ProblemDetails } from '../../api/errors.ts';

export type ClientErrorCode =
  | 'unverified' // an answer failed a check; `what` names the check
  | 'rolled-back' // an answer is older than a statement that this client has verified before, or contradicts it
  | 'not-mine' // the object belongs to another identity than the caller
  | 'exceeds-request' // the approval would give more than the request asks for
  | 'unverified-recipient' // the patient has not verified the recipient's id; `unverifiedRecipient: true` allows the approval nevertheless
  | 'cells-open' // an ended grant can still read a folder that the act needs, because the folder could not begin a new epoch; `cause` has the reason
  | 'right-ended' // the grant ended before the record was committed; another grant can commit the uploaded blob
  | 'partly-opened' // the service refused to open some of the records; RefusedRecordsError contains the opened ones
  | 'unknown-cell' // the epoch's folder statement is not known to this client
  | 'bad-answer' // the answer does not match the API contract
  | 'network' // no answer, after all tries
  | 'wrong-clock' // this device's clock is wrong by more than the limit for automatic correction; ClockError has the difference
  | 'upload-failed' // storage did not accept a part, after all tries
  | 'download-failed' // storage did not return the blob, after all tries
  | 'too-large' // more than 10,000 parts of 8 MiB
  | 'bad-memory' // the snapshot is damaged or belongs to another identity
  | 'bad-argument';

/** The name of the check that failed. */
export type Check =
  | 'identity'
  | 'receiving-key'
  | 'folder'
  | 'folder-key'
  | 'folder-name'
  | 'companion'
  | 'request'
  | 'grant'
  | 'grant-cell'
  | 'extension'
  | 'record'
  | 'author'
  | 'wrap'
  | 'capsule'
  | 'cfrag'
  | 'kfrag-id'
  | 'commit'
  | 'metadata'
  | 'label'
  | 'digest'
  | 'blob'
  | 'audit'
  | 'chain'
  | 'evidence'
  | 'service-key'
  | 'time'
  | 'checkpoint'
  | 'receipt'
  | 'recapsulation';

/** An error that the client itself raises. Message and members contain no health data, no names and no secrets. */
export class ClientError extends PcehrError {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** The name of the check that failed, for `unverified` and `rolled-back`. */
  readonly what: Check | undefined;
  constructor(code: ClientErrorCode, message: string, what?: Check, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.what = what;
  }
}

/** The error for an audit trail that failed a check, or that differs from the trail verified before. */
export class TrailError extends ClientError {
  /** Number of the first wrong entry, from 1. */
  readonly index: number;
  constructor(
    code: 'unverified' | 'rolled-back',
    message: string,
    index: number,
    what: 'audit' | 'evidence' = 'audit',
  ) {
    super(code, message, what);
    this.index = index;
  }
}

/** The error for a refusal by the service. `requestId` is the id of the request in the service's log. */
export class ServiceError extends AppError {
  readonly requestId: string | undefined;
  constructor(code: ErrorCode, details: ProblemDetails, requestId: string | undefined, message?: string) {
    super(code, details, message);
    this.requestId = requestId;
  }
}

export const unverified = (what: Check, cause?: unknown): ClientError =>
  new ClientError('unverified', `refused: the ${what} does not check`, what, cause === undefined ? {} : { cause });

/** Throws if the condition is false. @throws {ClientError} `unverified` */
export function check(what: Check, holds: boolean): asserts holds {
  if (!holds) throw unverified(what);
}

/** Runs a check and turns any error that is not a ClientError into `unverified`. */
export const checked = async <T>(what: Check, run: () => T | Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    throw error instanceof ClientError ? error : unverified(what, error);
  }
};

/** Runs the checks of one of several items. @returns the result, or the ClientError; other errors are thrown */
export const resultOf = async <T>(run: () => T | Promise<T>): Promise<T | ClientError> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
};
