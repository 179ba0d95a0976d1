// Makes what the tests of the stores need: stores over the AWS at AWS_ENDPOINT_URL, new people and ids for each test (all tests use the same tables), and
// statements with a fake signature. The stores do not check signatures.
import { DynamoDBClient, type ServiceInputTypes, type ServiceOutputTypes } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../../../lib/api/errors.ts';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { toBase64url, utf8 } from '../../../lib/bytes/codec.ts';
import {
  identityId,
  newId,
  type FolderId,
  type GrantId,
  type IdentityId,
  type RecordId,
  type RequestId,
  type UploadId,
} from '../../../lib/bytes/ids.ts';
import type { EventDraft } from '../../../lib/domain/audit-chain.ts';
import { NO_ENTRIES, type EntryHead } from '../../../lib/domain/statement-chain.ts';
import { DAY, instantOf, MINUTE } from '../../../lib/domain/time.ts';
import type { Kind, Payload, Statement } from '../../../lib/statements/kinds.ts';
import { statementHash } from '../../../lib/statements/verify.ts';
import { makeBlobs } from '../../../lib/stores/s3/blobs.ts';
import { makeStores } from '../../../lib/stores/index.ts';
import { makePresign } from '../../../lib/stores/s3/presign.ts';
import type { Call, NewEntry } from '../../../lib/ports/call.ts';
import type { NewVersion, StoredRecord, StoredUpload } from '../../../lib/ports/index.ts';
import { SAMPLES } from '../../statements/samples.ts';

const variable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these tests need a local AWS`);
  return value;
};

export const ENV = {
  MAIN_TABLE: variable('MAIN_TABLE'),
  NONCE_TABLE: variable('NONCE_TABLE'),
  BUCKET: variable('BUCKET'),
  AWS_ENDPOINT_URL: variable('AWS_ENDPOINT_URL'),
};

export const openStores = () => {
  const dynamo = new DynamoDBClient({});
  const s3 = new S3Client({
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    ...makeStores({ dynamo, env: ENV }),
    blobs: makeBlobs(s3, ENV.BUCKET, makePresign(s3, { bucket: ENV.BUCKET, endpoint: ENV.AWS_ENDPOINT_URL })),
    dynamo,
    s3,
    close: () => {
      dynamo.destroy();
      s3.destroy();
    },
  };
};
export type TestStores = ReturnType<typeof openStores>;

type Next = () => Promise<{ output: ServiceOutputTypes }>;
/** Runs `around` instead of each use of one command. To end this, call the returned function. */
export const onCommand = (
  dynamo: DynamoDBClient,
  command: string,
  around: (run: Next, input: ServiceInputTypes) => Promise<{ output: ServiceOutputTypes }>,
): (() => void) => {
  const name = `test-${newId()}`;
  dynamo.middlewareStack.add(
    (next, context) => (args) =>
      context.commandName === command ? (around(() => next(args), args.input) as ReturnType<typeof next>) : next(args),
    { step: 'initialize', name },
  );
  return () => dynamo.middlewareStack.remove(name);
};

/** Makes the first callers wait until `parties` of them have arrived. Works once. */
export const barrier = (parties: number): (() => Promise<void>) => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let waiting = 0;
  return async () => {
    waiting += 1;
    if (waiting >= parties) open();
    await opened;
  };
};

export const NOW = 1_767_225_600_000;
export const newIdentity = (): IdentityId => identityId(systemRng(32));
export const callOf = (caller: IdentityId, now = NOW): Call => ({
  caller,
  now: instantOf(now),
  nonce: { value: Buffer.from(systemRng(16)).toString('base64'), expires: now + MINUTE },
});

/** Makes the entry that follows `head` and names these statements, in this order. */
export const entryOf = (
  id: IdentityId,
  statements: readonly Statement[],
  { number, hash }: EntryHead = NO_ENTRIES,
  voids: readonly (readonly Statement[])[] = [],
): NewEntry => ({
  statement: fake('entry', id, {
    id,
    number: number + 1,
    previous: hash,
    statements: statements.map((s) => s.hash),
    voids: voids.length === 0 ? undefined : voids.map((v) => ({ entry: b64(32), statements: v.map((s) => s.hash) })),
  }),
  statements: statements.map((s) => s.jws),
  voided: voids.flat().map((s) => s.jws),
});

export const headAfter = ({ statement }: NewEntry): EntryHead => ({
  number: statement.payload.number,
  hash: statement.hash,
});

/** A call that adds the entry to the caller's chain. */
export const actOf = (entry: NewEntry): Call => ({ ...callOf(entry.statement.payload.id), entry });

export const b64 = (length: number): string => toBase64url(systemRng(length));
const part = (json: unknown): string => toBase64url(utf8(JSON.stringify(json)));

/** A statement in canonical form with a signature of zeros. */
export const fake = <K extends Kind>(kind: K, signer: IdentityId, changes: Partial<Payload<K>>): Statement<K> => {
  const merged = { ...SAMPLES[kind].payload, ...changes } as Payload<K>;
  const payload = Object.fromEntries(Object.entries(merged).filter(([, v]) => v !== undefined)) as Payload<K>;
  const header = { alg: 'EdDSA', kid: signer, typ: `pcehr-${kind}+jws` };
  const jws = `${part(header)}.${part(payload)}.${toBase64url(new Uint8Array(64))}`;
  return { kind, jws, hash: statementHash(jws), payload };
};

export const identityOf = (id: IdentityId, changes: Partial<Payload<'identity'>> = {}) =>
  fake('identity', id, { id, number: 1, previous: undefined, ...changes });

export const folderOf = (patient: IdentityId, changes: Partial<Payload<'folder'>> = {}) =>
  fake('folder', patient, { patient, folder: newId<FolderId>(), epoch: 1, previous: undefined, ...changes });

export const requestOf = (recipient: IdentityId, patient: IdentityId, changes: Partial<Payload<'request'>> = {}) =>
  fake('request', recipient, { request: newId<RequestId>(), recipient, patient, until: NOW + DAY, ...changes });

export const cellOf = (folder = newId<FolderId>(), epoch = 1): Payload<'grant'>['cells'][number] => ({
  folder,
  epoch,
  key: b64(33),
  statement: b64(32),
  kfrags: [{ proxy: 'service', id: b64(32), hash: b64(32) }],
});

export const grantOf = (patient: IdentityId, recipient: IdentityId, changes: Partial<Payload<'grant'>> = {}) =>
  fake('grant', patient, {
    grant: newId<GrantId>(),
    patient,
    recipient,
    request: undefined,
    cells: [cellOf()],
    notBefore: NOW - DAY,
    expires: NOW + DAY,
    openings: undefined,
    ...changes,
  });

export const withKFrags = (statement: Statement<'grant'>) => ({
  statement,
  kfrags: statement.payload.cells.map(() => b64(310)),
  verifying: b64(33),
});

export const eventOf = (
  kind: EventDraft['kind'],
  patient: IdentityId,
  changes: Partial<EventDraft> = {},
): EventDraft => ({ kind, patient, actor: patient, subject: {}, at: NOW, statement: b64(32), ...changes });

/** Stores a new folder of the patient. */
export const makeFolder = async (stores: TestStores, patient: IdentityId): Promise<Statement<'folder'>> => {
  const statement = folderOf(patient);
  await stores.folders.put(statement, undefined, eventOf('folder-created', patient), callOf(patient));
  return statement;
};

interface Filing {
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly epoch?: number;
  readonly record?: RecordId;
  readonly head?: StoredRecord | undefined;
  readonly created?: number;
  readonly changes?: Partial<Payload<'record'>>;
}

export const versionOf = ({
  patient,
  folder,
  epoch = 1,
  record = newId<RecordId>(),
  head,
  created = NOW,
  changes,
}: Filing): NewVersion => {
  const upload: StoredUpload = {
    upload: newId<UploadId>(),
    record,
    version: (head?.latest ?? 0) + 1,
    folder,
    epoch,
    patient,
    author: patient,
    created,
  };
  const statement = fake('record', patient, {
    record,
    version: upload.version,
    previous: head?.latestHash,
    patient,
    folder,
    epoch,
    author: patient,
    grant: undefined,
    created,
    salt: b64(16),
    ...changes,
  });
  return {
    statement,
    metadata: b64(528),
    wrap: { capsule: b64(105), companionCiphertext: b64(1120), wrappedKey: b64(48), label: b64(272) },
    blob: { key: `b/${record}/${upload.upload}`, versionId: b64(16) },
    upload,
  };
};

export const filed = (v: NewVersion): EventDraft => {
  const { patient, record, version } = v.statement.payload;
  return eventOf('record-filed', patient, {
    subject: { records: [{ record, version }] },
    statement: v.statement.hash,
  });
};

/** Begins the upload and commits the version. */
export const file = async (stores: TestStores, filing: Filing): Promise<NewVersion> => {
  const version = versionOf(filing);
  await stores.uploads.begin(version.upload, callOf(filing.patient));
  await stores.records.commit(version, filing.head, filed(version), callOf(filing.patient));
  return version;
};

/** Returns the error code of a promise, with its reason or member, or `accepted`. Rethrows any error that is not an AppError. */
export const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, error.details.reason ?? error.details.member].filter(Boolean).join(' ');
  }
};

export const hashOf = (bytes: Uint8Array): string => toBase64url(sha256(bytes));
