// Verifies record versions that the service lists: the author's signature, and that the author had the right to file.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Answer } from '../../api/routes.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import type { FolderId, IdentityId, RecordId } from '../../bytes/ids.ts';
import { covers } from '../../domain/grant.ts';
import type { Label } from '../../envelope/label.ts';
import type { Statement } from '../../statements/kinds.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import type { GivenAccess } from '../chain/given-access.ts';
import type { Context } from '../session/context.ts';
import { check, checked } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { recordName, shown, type ShownLabel } from '../texts/record-texts.ts';
import { openListedLabel, type LabelReader } from './labels.ts';

/** The facts of a record version that a reader knows without opening it. */
export interface RecordInfo {
  readonly record: RecordId;
  readonly version: number;
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly epoch: number;
  readonly author: IdentityId;
  /** The grant of an author who is not the patient. Only the order of events in the trail shows whether the author filed before the grant was revoked. */
  readonly grant?: Statement<'grant'>;
  /** By the author's clock, milliseconds since 1970. */
  readonly created: number;
  /** Length of the encrypted body, bytes: a little more than the plaintext. */
  readonly length: number;
  readonly state: 'committed' | 'deleted';
  /**
   * A file name for the record: the author's file name, made safe to be one path component ({@link safeName}). `record-` and the id if there is none. Several
   * records can have the same: {@link uniqueNames}.
   */
  readonly safeName: string;
  /**
   * The author's claim about the content: title, type, date and category, safe to show, read without an opening. Nothing proves that it fits the record until
   * the record is opened. `claimed` has the texts as the author chose them. Absent for a deleted version, and if the author sealed no label that opens.
   */
  readonly label?: ShownLabel;
  readonly statement: Statement<'record'>;
}

/** A record statement, and the grant that gives its author the right to file it. */
export interface Authored {
  readonly statement: Statement<'record'>;
  readonly grant?: Statement<'grant'> | undefined;
}

export const infoOf = (
  { statement, grant }: Authored,
  state: RecordInfo['state'],
  label: Label | undefined,
): RecordInfo => {
  const { record, version, patient, folder, epoch, author, created, length } = statement.payload;
  const optional = {
    ...(grant === undefined ? {} : { grant }),
    ...(label === undefined ? {} : { label: shown(label) }),
  };
  const name = { safeName: recordName(record, label) };
  return { record, version, patient, folder, epoch, author, ...optional, ...name, created, length, state, statement };
};

/** The patient, folder, record and version that the caller expects. */
export interface Expected {
  readonly patient: IdentityId;
  readonly folder?: FolderId | undefined;
  readonly record?: RecordId;
  readonly version?: number;
}

interface SignedRecordView {
  readonly statement: string;
  readonly grant?: string | undefined;
}

/**
 * Verifies the statement of a record version. The patient must have signed it, or an author whose grant from the patient covers it.
 * @throws {ClientError} `unverified`: `author` if the signer is not the author or had no right, `record` if the version has another patient, folder, record
 *   or number than expected
 */
export const verifyRecord = async (
  { statement: jws, grant }: SignedRecordView,
  expected: Expected,
): Promise<Authored> => {
  const statement = await checked('author', () => verifyStatement('record', jws, claimOf(jws).signer));
  const p = statement.payload;
  check('record', p.patient === expected.patient);
  check('record', expected.folder === undefined || p.folder === expected.folder);
  check('record', expected.record === undefined || p.record === expected.record);
  check('record', expected.version === undefined || p.version === expected.version);
  if (p.author === expected.patient) {
    check('author', p.grant === undefined && grant === undefined);
    return { statement };
  }
  check('author', grant !== undefined);
  const right = await checked('author', () => verifyStatement('grant', grant, expected.patient));
  check('author', covers(right, p));
  return { statement, grant: right };
};

/**
 * Checks, for the patient's own client, that the patient's chain of statements has the grant of each author. A void grant has the patient's signature too, so
 * the signature alone does not show that the patient gave the grant. The client reads the chain again if it lacks a grant, because another device may have
 * given it.
 * @throws {ClientError} `unverified` (`author`)
 */
export const assertGiven = async (
  ctx: Context,
  versions: readonly Pick<Authored, 'grant'>[],
  options: CallOptions,
): Promise<void> => {
  const grants = versions.flatMap(({ grant }) => grant?.hash ?? []);
  const hasAll = ({ entries }: GivenAccess): boolean => grants.every((hash) => entries.has(hash));
  check('author', hasAll(await ctx.chain.state(options)) || hasAll(await ctx.chain.sync(options)));
};

/** Checks that the author signed the hash of this encrypted metadata, and returns the metadata's bytes. @throws {ClientError} `unverified` (`metadata`) */
export const verifySealedMetadata = ({ payload }: Statement<'record'>, sealed: string): Uint8Array => {
  const bytes = fromBase64url(sealed);
  check('metadata', toBase64url(sha256(bytes)) === payload.metadata);
  return bytes;
};

type VersionView = Answer<'list-records'>['records'][number];

/** Verifies a listed version, and opens its label. @throws {ClientError} `unverified` (`author`, `record`, `metadata`, `label`) */
export const verifyVersion = async (
  view: VersionView,
  expected: Expected,
  cellOf: LabelReader,
): Promise<RecordInfo> => {
  const authored = await verifyRecord(view, expected);
  if (view.metadata !== undefined) verifySealedMetadata(authored.statement, view.metadata);
  return infoOf(authored, view.state, await openListedLabel(authored.statement, view, cellOf));
};
