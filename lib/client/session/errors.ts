// What can go wrong on the client's side, besides the service's own refusals (AppError).
import { AppError, type ErrorCode, type ProblemDetails } from '../../api/errors.ts';

export type ClientErrorCode =
  | 'unverified' // what came back does not check; `what` names the check
  | 'rolled-back' // older than, or different from, what this client has seen before
  | 'not-mine' // signed by, for or about somebody else than the caller
  | 'exceeds-request' // an approval would give more than was asked
  | 'unverified-recipient' // an approval for somebody whose id nobody checked; `unverifiedRecipient: true` overrides
  | 'right-ended' // the right to file ended before the record was stored; what was uploaded waits for another grant
  | 'unknown-cell' // the epoch's folder statement is not known to this client
  | 'bad-answer' // not what the contract says
  | 'network' // no answer, after all tries
  | 'wrong-clock' // this device's clock is further off than is corrected unasked: ClockError says how far
  | 'upload-failed' // storage refused a part, after all tries
  | 'download-failed' // storage did not give the blob, after all tries
  | 'too-large' // more than 10,000 parts of 8 MiB
  | 'bad-memory' // the snapshot is damaged or of another identity
  | 'bad-argument';

/** What was checked and did not hold. */
export type Check =
  | 'identity'
  | 'receiving-key'
  | 'folder'
  | 'folder-key'
  | 'folder-name'
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
  | 'digest'
  | 'blob'
  | 'audit'
  | 'evidence'
  | 'service-key'
  | 'time'
  | 'checkpoint'
  | 'receipt'
  | 'recapsulation';

/** A refusal by the client itself. Neither message nor members hold content, names or secrets. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** `unverified`, `rolled-back`: which check. */
  readonly what: Check | undefined;
  constructor(code: ClientErrorCode, message: string, what?: Check, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.what = what;
  }
}

/** The audit trail does not check, or is not what it was. */
export class TrailError extends ClientError {
  /** Place of the first entry that is wrong, from 1. */
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

/** An AppError as the service answered it, with the id under which the service logged it. */
export class ServiceError extends AppError {
  readonly requestId: string | undefined;
  constructor(code: ErrorCode, details: ProblemDetails, requestId: string | undefined) {
    super(code, details);
    this.requestId = requestId;
  }
}

export const unverified = (what: Check, cause?: unknown): ClientError =>
  new ClientError('unverified', `refused: the ${what} does not check`, what, cause === undefined ? {} : { cause });

/** @throws {ClientError} `unverified` unless it holds */
export function check(what: Check, holds: boolean): asserts holds {
  if (!holds) throw unverified(what);
}

/** Runs a check that throws errors of its own, and says it in the client's words. */
export const checked = async <T>(what: Check, run: () => T | Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    throw error instanceof ClientError ? error : unverified(what, error);
  }
};
