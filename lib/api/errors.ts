// Errors: the closed list of error codes, for service and client alike. docs/spec/errors.md is generated from it.
import { PcehrError } from '../bytes/errors.ts';
import type { EndReason } from '../domain/grant.ts';
import type { ClockFault } from '../domain/time.ts';
import type { StatementError, StatementErrorCode } from '../statements/errors.ts';

export type Fault = 'client' | 'server';

interface ErrorSpec {
  readonly status: number;
  readonly fault: Fault;
  /** One sentence that says what the caller can do about the error. */
  readonly advice: string;
}

export const ERRORS = {
  'malformed-request': {
    status: 400,
    fault: 'client',
    advice: 'Send what the contract in /v1/openapi.json says; the problem names the member.',
  },
  'body-too-large': {
    status: 413,
    fault: 'client',
    advice: 'Send at most 256 KiB; record bytes go straight to storage.',
  },
  unsigned: { status: 401, fault: 'client', advice: 'Sign the request as docs/spec/request-signatures.md says.' },
  'signature-invalid': {
    status: 401,
    fault: 'client',
    advice:
      'Sign exactly the request that is sent, for the configured host (localhost is not 127.0.0.1): host, path, query, body or key differ from the signed ones, or something is percent-encoded.',
  },
  'clock-skew': {
    status: 401,
    fault: 'client',
    advice: 'Correct the clock by the signed answer of GET /v1/time, then sign again.',
  },
  replayed: { status: 409, fault: 'client', advice: 'Sign the request again with a new nonce.' },
  'not-registered': { status: 403, fault: 'client', advice: 'Register this identity first.' },
  'not-found': {
    status: 404,
    fault: 'client',
    advice: 'Check the id, and name the grant if the caller is not the patient.',
  },
  'statement-invalid': {
    status: 422,
    fault: 'client',
    advice:
      'Sign a statement of the right kind that agrees with the request; member and reason name the fault. With serverTime, correct the clock by GET /v1/time and make the statement again with the right time.',
  },
  'statement-outdated': {
    status: 409,
    fault: 'client',
    advice:
      'Fetch the current state: if it already has this change, nothing is left to do; else build on it and sign again.',
  },
  'chain-moved': {
    status: 409,
    fault: 'client',
    advice:
      'Read the entries after the last one that is known (GET /v1/chain), verify them, decide again, and sign an entry that follows the last.',
  },
  'already-exists': {
    status: 409,
    fault: 'client',
    advice:
      'Make the statement again with a new id: this one is taken or cannot be used any more. Leave cells that the grant has out of an extension.',
  },
  'cell-closed': {
    status: 409,
    fault: 'client',
    advice: 'Wrap the file key to the current cell of the folder and sign again; the blob stays.',
  },
  'version-conflict': {
    status: 409,
    fault: 'client',
    advice: 'Fetch the record, then file the version after its latest; a new record begins with version 1.',
  },
  'upload-not-found': {
    status: 404,
    fault: 'client',
    advice: 'Begin a new upload: this one is unknown, finished or older than a day.',
  },
  'upload-incomplete': { status: 409, fault: 'client', advice: 'Send the parts that are missing, then commit again.' },
  'blob-mismatch': {
    status: 422,
    fault: 'client',
    advice: 'The stored blob differs from the signed one: begin a new upload with a new upload id.',
  },
  'created-too-old': {
    status: 422,
    fault: 'client',
    advice:
      'Compare the clock with serverTime and correct it by GET /v1/time if it is wrong; then seal and upload the record again, because its keys depend on its time.',
  },
  'capsule-invalid': { status: 422, fault: 'client', advice: 'Wrap the file key again: the capsule is not valid.' },
  'request-closed': {
    status: 409,
    fault: 'client',
    advice:
      'Only a pending request can be approved, denied or withdrawn; this one was answered or withdrawn, or has expired: ask again, or grant without a request.',
  },
  'grant-exceeds-request': {
    status: 422,
    fault: 'client',
    advice:
      'Grant at most the requested access, for at most the requested time; extend a grant only to folders that it covers.',
  },
  'kfrag-invalid': {
    status: 422,
    fault: 'client',
    advice: 'Make the key fragments again for the keys that the grant names.',
  },
  'grant-ended': {
    status: 403,
    fault: 'client',
    advice:
      'See reason: the patient can resume a paused grant; an exhausted one may have room for fewer records at once; else a new grant is needed.',
  },
  'cells-open': {
    status: 409,
    fault: 'client',
    advice: 'End the grant if it still lasts, start new epochs of the folders that are named, then settle it.',
  },
  'grant-not-begun': {
    status: 403,
    fault: 'client',
    advice: 'Wait until the grant begins by the clock of the service, which is serverTime.',
  },
  'too-many': { status: 429, fault: 'client', advice: 'Wait as long as Retry-After says.' },
  busy: { status: 503, fault: 'server', advice: 'Send the same again after Retry-After; it is safe to repeat.' },
  internal: { status: 500, fault: 'server', advice: 'Send the same again later; name the request id if it stays.' },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** The reasons why a grant allows nothing at present, or why a statement is invalid by itself. */
export const REASONS = [
  'revoked',
  'expired',
  'exhausted',
  'paused',
  'malformed',
  'wrong-signer',
  'bad-signature',
  'bad-payload',
] as const satisfies readonly (EndReason | StatementErrorCode)[];
export type Reason = (typeof REASONS)[number];

/** Members that a problem may have besides its code. None of them contains health data or a secret. */
export interface ProblemDetails {
  /** The wrong member of the request. */
  readonly member?: string;
  /** If the body has several statements: the path of the wrong statement, such as `grants.1.statement`. */
  readonly statement?: string;
  /**
   * With `grant-ended`: why the grant allows nothing at present, for example `paused`. With `statement-invalid`: why the statement is invalid by itself; absent
   * if the statement does not fit the request or the stored state.
   */
  readonly reason?: Reason;
  /** If a wrong clock can be the cause of the error: whether the refused time is ahead of the service's clock or behind it. */
  readonly clock?: ClockFault;
  /** If a wrong clock can be the cause of the error: the service's time in ms. It is not signed, so clients do not correct their clock by it. */
  readonly serverTime?: number;
  /** If a signature does not verify: the host and port for which the service checks signatures. They are not signed, so clients only show them. */
  readonly authority?: string;
  /** With `busy` and `too-many`: after how many seconds the client may try again. */
  readonly retryAfter?: number;
  /** The ids that were not found, if the request named several ids. */
  readonly ids?: readonly string[];
}

/** The only error that use cases throw on purpose. The client throws it too, for a refusal by the service. */
export class AppError extends PcehrError {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: ProblemDetails;
  constructor(code: ErrorCode, details: ProblemDetails = {}, message: string = ERRORS[code].advice) {
    super(message);
    this.code = code;
    this.details = details;
  }
  get fault(): Fault {
    return ERRORS[this.code].fault;
  }
}

/** Returns the error for a statement that is invalid by itself. */
export const refusedStatement = ({ member, code }: StatementError): AppError =>
  new AppError('statement-invalid', { member, reason: code });
