// Explains an error of the SDK or of the system in plain words: one sentence, a hint, and the exit code. Pure.
import {
  AppError,
  BytesError,
  CellsOpenError,
  ClientError,
  EnvelopeError,
  IdentityError,
  RefusedRecordsError,
  ServiceError,
  StatementError,
  type ClientErrorCode,
  type ErrorCode,
} from '../client/node.ts';
import { CliError, EXIT, type ExitName } from './errors.ts';
import { plural, shortId, visible } from './format.ts';

/** An error as the command line shows it. */
export interface Explanation {
  /** A stable name for programs. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** The exit code of the process. */
  readonly exit: number;
  /** The record or grant that the error is about, if a command goes on after the error. */
  readonly id?: string;
}

type Words = readonly [message: string, hint?: string | undefined];

const AGAIN = 'try again; it is safe to repeat the command';
/** A command that is repeated opens again, and counts again, what it opened before. */
const MISSING = 'name only the records that are missing: pcehr open GRANT RECORD';
const VERSIONS = 'this pcehr and the service may be of different versions';

/** What each refusal of the service means for a person. */
const REFUSALS: Readonly<Record<ErrorCode, Words>> = {
  'malformed-request': ['the service does not understand the call', VERSIONS],
  'body-too-large': ['the call is too large for the service', 'name fewer things at once'],
  unsigned: ['the service got no signature', VERSIONS],
  'signature-invalid': [
    'the service does not accept the signature',
    'set the address exactly as the service names it: pcehr config origin ADDRESS (localhost is not 127.0.0.1)',
  ],
  'clock-skew': ['the clock of this device is wrong', 'set the clock'],
  replayed: ['the service got the same call twice', AGAIN],
  'not-registered': ['this identity is not registered at the service', 'run: pcehr register'],
  'not-found': ['the service has no such thing for this identity', 'check the id; it may belong to somebody else'],
  'statement-invalid': ['the service does not accept what was signed', VERSIONS],
  'statement-outdated': ['something changed in the meantime', AGAIN],
  'chain-moved': ['another device of this identity acted at the same time', AGAIN],
  'already-exists': ['the service has it already', AGAIN],
  'cell-closed': ['the folder got a new key in the meantime', AGAIN],
  'version-conflict': ['somebody filed another version in the meantime', AGAIN],
  'upload-not-found': ['the upload is unknown or older than a day', AGAIN],
  'upload-incomplete': ['the upload is not complete', AGAIN],
  'blob-mismatch': ['the stored bytes are not the ones that were sent', AGAIN],
  'created-too-old': ['the filing took too long, or the clock of this device is wrong', 'set the clock, and try again'],
  'capsule-invalid': ['the service does not accept the key of the record', VERSIONS],
  'request-closed': ['the request has an answer already, was withdrawn or has expired', 'run: pcehr inbox --all'],
  'grant-exceeds-request': ['this gives more than the request asks for', 'give less, or share without a request'],
  'kfrag-invalid': ['the service does not accept the keys of the grant', VERSIONS],
  'grant-ended': ['the grant has ended or is paused', 'run: pcehr grants'],
  'cells-open': ['a grant that ended can still read this folder', AGAIN],
  'grant-not-begun': ['the grant begins later', 'wait a minute'],
  'too-many': ['too many calls', 'wait a minute'],
  busy: ['the service is busy', AGAIN],
  internal: ['the service failed', 'try again later, and tell the operator the request id if it stays'],
};

const FEWER = 'open fewer records, or ask for a new grant';

/** Why a grant allows nothing at present. */
const ENDED: Readonly<Record<string, Words>> = {
  revoked: ['the patient ended this access', 'ask for a new grant'],
  expired: ['the time of this grant is over', 'ask for a new grant'],
  exhausted: ['the grant has not so many openings left', FEWER],
  paused: ['the patient paused this access', 'wait, or ask the patient'],
};

const EVIDENCE = 'do not use the data; keep the profile folder as evidence';

/** What each error of the client means, and the kind of exit. */
const CLIENT_ERRORS: Readonly<Record<ClientErrorCode, readonly [ExitName, ...Words]>> = {
  unverified: ['unverified', 'an answer of the service failed a check', EVIDENCE],
  'partly-opened': ['refused', 'the service refused to open some of the records', MISSING],
  'rolled-back': ['unverified', 'the service shows an older state than before, or another one', EVIDENCE],
  'not-mine': ['usage', 'this belongs to another identity', 'check the id and the profile'],
  'exceeds-request': ['usage', 'this gives more than the request asks for', 'give less'],
  'unverified-recipient': ['usage', 'the recipient is not verified', 'run: pcehr contacts verify'],
  'cells-open': ['failed', 'a grant that ended can still read this folder', AGAIN],
  'right-ended': ['refused', 'the right to file ended before the record was stored', 'ask for a new grant'],
  'unknown-cell': ['refused', 'the grant does not cover this record', 'run: pcehr grants'],
  'bad-answer': [
    'network',
    'the answer is not one of this service, or names a storage that is not configured',
    'check: pcehr config',
  ],
  network: ['network', 'the service does not answer', 'check the network, and the address: pcehr config'],
  'wrong-clock': ['failed', 'the clock of this device is wrong by more than a day', 'set the clock'],
  'upload-failed': ['network', 'the storage did not take the file', AGAIN],
  'download-failed': ['network', 'the storage did not return the record', AGAIN],
  'too-large': ['failed', 'the file is longer than 80 GB'],
  'bad-memory': ['profile', 'memory.json of the profile is damaged', 'restore it from a backup'],
  'bad-argument': ['usage', 'an argument has a wrong form'],
};

/** Errors of files, with messages that name no path. */
const FILE_ERRORS: Readonly<Partial<Record<EnvelopeError['code'], string>>> = {
  'source-invalid': 'only a file can be filed, no folder',
  'source-changed': 'the file changed while it was read',
  'target-invalid': 'the target is no file that can be replaced',
  'too-long': 'the file is longer than 80 GB',
};

const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'this is a folder',
  ENOTDIR: 'this is no folder',
  ENOSPC: 'no space left on the disk',
  EEXIST: 'this exists already',
  EROFS: 'the disk can only be read',
  EBADF: 'this file descriptor is not open',
};

const explained = (exit: ExitName, code: string, [message, hint]: Words): Explanation => ({
  code,
  message,
  hint,
  exit: EXIT[exit],
});

const refusal = (error: AppError): Explanation => {
  const reason = error.code === 'grant-ended' ? ENDED[error.details.reason ?? ''] : undefined;
  const [message, hint] = reason ?? REFUSALS[error.code];
  const id = error instanceof ServiceError && error.fault === 'server' ? error.requestId : undefined;
  return explained('refused', error.code, [id === undefined ? message : `${message} (request ${id})`, hint]);
};

/** After a part of the records was opened, and counted. */
const partRefused = ({ opened, refused }: RefusedRecordsError, cause: AppError): Explanation => {
  const { message, hint } = refusal(cause);
  const ids = refused.map(({ record }) => shortId(record.record)).join(', ');
  const hints: Readonly<Record<string, string>> = { [AGAIN]: MISSING, [FEWER]: `${MISSING}, or ask for a new grant` };
  return explained('refused', 'partly-opened', [
    `${plural(opened.length, 'record')} saved; ${ids} ${refused.length === 1 ? 'was' : 'were'} refused: ${message}`,
    hints[hint ?? AGAIN] ?? (cause.code === 'grant-ended' ? hint : `${hint}; then ${MISSING}`),
  ]);
};

const ofClient = (error: ClientError): Explanation => {
  const [exit, message, hint] = CLIENT_ERRORS[error.code];
  if (error.code === 'bad-argument') return explained(exit, error.code, [error.message, hint]);
  if (error instanceof RefusedRecordsError && error.cause instanceof AppError) return partRefused(error, error.cause);
  if (error instanceof CellsOpenError && error.cause instanceof AppError) return refusal(error.cause);
  return explained(exit, error.code, [message, hint]);
};

const ofSystem = ({ code = 'failed', path, message }: NodeJS.ErrnoException): Explanation => {
  const about = SYSTEM[code] ?? message;
  return explained('failed', code, [path === undefined ? about : `${visible(path)}: ${about}`]);
};

/** Explains any error. The words name no secret, and no content of a record. */
export const explain = (error: unknown): Explanation => {
  if (error instanceof CliError) return explained(error.exit, error.code, [error.message, error.hint]);
  if (error instanceof AppError) return refusal(error);
  if (error instanceof ClientError) return ofClient(error);
  if (error instanceof IdentityError) return explained('profile', error.code, [error.message]);
  if (error instanceof EnvelopeError)
    return explained('failed', error.code, [FILE_ERRORS[error.code] ?? error.message]);
  if (error instanceof StatementError || error instanceof BytesError)
    return explained('usage', error.code, [error.message]);
  const thrown = error as Partial<NodeJS.ErrnoException> | undefined;
  if (thrown?.syscall !== undefined) return ofSystem(thrown as NodeJS.ErrnoException);
  return explained('failed', 'failed', [thrown?.message ?? 'something failed']);
};

/** The lines on stderr. With `json` it is one line of JSON. */
export const errorLines = ({ code, message, hint, exit, id }: Explanation, json: boolean): string => {
  const optional = { ...(hint === undefined ? {} : { hint }), ...(id === undefined ? {} : { id }) };
  if (json) return `${JSON.stringify({ error: { code, message, ...optional, exit } })}\n`;
  return `pcehr: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`;
};
