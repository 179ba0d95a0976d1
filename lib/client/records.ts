// Record versions as the service lists them: the author's statement is verified before anybody sees it.
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import type { FolderId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { Statement } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import { check, checked } from './errors.ts';

/** What anybody who may read the record can know of it without opening it. */
export interface RecordInfo {
  readonly record: RecordId;
  readonly version: number;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly epoch: number;
  readonly author: IdentityId;
  /** By the author's clock, milliseconds since 1970. */
  readonly created: number;
  /** Of the stored blob, in bytes: a little more than the file. */
  readonly length: number;
  readonly state: 'committed' | 'deleted';
  readonly statement: Statement<'record'>;
}

export const infoOf = (statement: Statement<'record'>, state: RecordInfo['state']): RecordInfo => {
  const { record, version, patient, folder, epoch, author, created, length } = statement.payload;
  return { record, version, patient, folder, epoch, author, created, length, state, statement };
};

/** Whose record the caller expects. */
export interface Expected {
  readonly patient: IdentityId;
  readonly folder?: FolderId;
  readonly record?: RecordId;
  readonly version?: number;
}

/**
 * The statement of a record version, signed by an author who may write for this patient: the patient. Nobody else has that right yet, so a
 * statement by anybody else is refused, whatever grant comes with it.
 *
 * @throws {ClientError} `unverified`: `author` for a wrong or unentitled signer, `record` for one of another patient, folder, record or version
 */
export const verifyRecord = async (jws: string, expected: Expected): Promise<Statement<'record'>> => {
  const statement = await checked('author', () => verifyStatement('record', jws, expected.patient));
  const p = statement.payload;
  check('author', p.grant === undefined);
  check('record', p.patient === expected.patient);
  check('record', expected.folder === undefined || p.folder === expected.folder);
  check('record', expected.record === undefined || p.record === expected.record);
  check('record', expected.version === undefined || p.version === expected.version);
  return statement;
};

/** The sealed metadata is the one that the author signed. @throws {ClientError} `unverified` (`metadata`) */
export const verifySealedMetadata = ({ payload }: Statement<'record'>, sealed: string): Uint8Array => {
  const bytes = fromBase64url(sealed);
  check('metadata', toBase64url(sha256(bytes)) === payload.metadata);
  return bytes;
};

interface VersionView {
  readonly statement: string;
  readonly state: RecordInfo['state'];
  readonly metadata?: string | undefined;
}

export const verifyVersion = async (view: VersionView, expected: Expected): Promise<RecordInfo> => {
  const statement = await verifyRecord(view.statement, expected);
  if (view.metadata !== undefined) verifySealedMetadata(statement, view.metadata);
  return infoOf(statement, view.state);
};
