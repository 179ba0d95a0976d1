// Test setup for use cases: runs them over the service in memory, and builds a small clinic of which every test gets its own copy.
import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { AppError, type ErrorCode, type ProblemDetails } from '../../lib/api/errors.ts';
import {
  ROUTES,
  type Answer,
  type Body,
  type Input,
  type Params,
  type Query,
  type RouteName,
} from '../../lib/api/routes.ts';
import { systemRng } from '../../lib/bytes/binary.ts';
import type { IdentityId } from '../../lib/bytes/ids.ts';
import { NO_ENTRIES } from '../../lib/domain/statement-chain.ts';
import type { AuditEvent } from '../../lib/domain/audit-chain.ts';
import { instantOf, MINUTE } from '../../lib/domain/time.ts';
import { BytesError } from '../../lib/bytes/errors.ts';
import { StatementError } from '../../lib/statements/errors.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { UmbralError } from '../../lib/umbral/errors.ts';
import { approveRequest } from '../../lib/usecases/approve-request.ts';
import { beginUpload } from '../../lib/usecases/begin-upload.ts';
import type { Call } from '../../lib/ports/call.ts';
import { commitRecord } from '../../lib/usecases/commit-record.ts';
import { createFolder } from '../../lib/usecases/create-folder.ts';
import { deleteRecord } from '../../lib/usecases/delete-record.ts';
import { denyRequest } from '../../lib/usecases/deny-request.ts';
import { getGrant } from '../../lib/usecases/get-grant.ts';
import { getIdentity } from '../../lib/usecases/get-identity.ts';
import { getRecord } from '../../lib/usecases/get-record.ts';
import { grantAccess } from '../../lib/usecases/grant-access.ts';
import { listAudit } from '../../lib/usecases/list-audit.ts';
import { listGrants } from '../../lib/usecases/list-grants.ts';
import { listRecords } from '../../lib/usecases/list-records.ts';
import { listRequests } from '../../lib/usecases/list-requests.ts';
import { extendGrant } from '../../lib/usecases/extend-grant.ts';
import { listChain } from '../../lib/usecases/list-chain.ts';
import { getCheckpoint } from '../../lib/usecases/get-checkpoint.ts';
import { getServiceKey } from '../../lib/usecases/get-service-key.ts';
import { getTime } from '../../lib/usecases/get-time.ts';
import { listCellGrants } from '../../lib/usecases/list-cell-grants.ts';
import { pauseGrant } from '../../lib/usecases/pause-grant.ts';
import { resumeGrant } from '../../lib/usecases/resume-grant.ts';
import { settleGrant } from '../../lib/usecases/settle-grant.ts';
import { withdrawRequest } from '../../lib/usecases/withdraw-request.ts';
import type { Ports } from '../../lib/ports/index.ts';
import { recapsulate } from '../../lib/usecases/recapsulate.ts';
import { register } from '../../lib/usecases/register.ts';
import { requestAccess } from '../../lib/usecases/request-access.ts';
import { returnGrant } from '../../lib/usecases/return-grant.ts';
import { revokeGrant } from '../../lib/usecases/revoke-grant.ts';
import { uploadParts } from '../../lib/usecases/upload-parts.ts';
import { errorsOf } from '../../scripts/contract/document.ts';
import { addsEntry, withEntry, type BodyWithoutEntry } from '../support/entries.ts';
import { copyOf, inOrder, makeMemory, type Memory, type State } from '../support/memory/index.ts';
import {
  filingOf,
  folderOf,
  grantOf,
  hashOf,
  identityOf,
  NOW,
  partsOf,
  patient,
  recipient,
  requestOf,
  stranger,
  type Filing,
  type Person,
} from './people.ts';

const USE_CASES = {
  register,
  'get-identity': getIdentity,
  'create-folder': createFolder,
  'begin-upload': beginUpload,
  'upload-parts': uploadParts,
  'commit-record': commitRecord,
  'list-records': listRecords,
  'get-record': getRecord,
  'delete-record': deleteRecord,
  'request-access': requestAccess,
  'list-requests': listRequests,
  'approve-request': approveRequest,
  'deny-request': denyRequest,
  'grant-access': grantAccess,
  'get-grant': getGrant,
  'list-grants': listGrants,
  'revoke-grant': revokeGrant,
  'return-grant': returnGrant,
  recapsulate,
  'list-audit': listAudit,
  'list-chain': listChain,
  'extend-grant': extendGrant,
  'get-checkpoint': getCheckpoint,
  'get-service-key': getServiceKey,
  'get-time': getTime,
  'list-cell-grants': listCellGrants,
  'pause-grant': pauseGrant,
  'resume-grant': resumeGrant,
  'settle-grant': settleGrant,
  'withdraw-request': withdrawRequest,
} as const satisfies Partial<{
  [N in RouteName]: (deps: Ports, call: Call, input: Input<N>) => Promise<Answer<N>>;
}>;
type SignedRoute = keyof typeof USE_CASES;

interface CallInput<N extends RouteName> {
  readonly params?: Params<N>;
  readonly query?: Query<N>;
  /** If the body has no entry, `send` makes the entry. */
  readonly body?: BodyWithoutEntry<N>;
  readonly now?: number;
  /** A new nonce by default. */
  readonly nonce?: string;
}

export const newNonce = (): string => Buffer.from(systemRng(16)).toString('base64');

/** Throws if a use case refuses with an error that the contract of its route does not list. */
const assertContract = (name: RouteName, error: unknown): void => {
  if (error instanceof AppError && !errorsOf(ROUTES[name]).includes(error.code))
    throw new TypeError(`${name} refuses with ${error.code}, which its contract does not list`);
};

/** The head of an identity's chain of statements, and its entries. */
const chainOf = ({ entries }: State, id: IdentityId) => {
  const known = (entries.get(id) ?? []).map(({ statement }) => statement);
  const last = known.at(-1);
  return {
    head: last === undefined ? NO_ENTRIES : { number: last.payload.number, hash: last.hash },
    known: known.map(({ jws, payload }) => ({ jws, statements: payload.statements })),
  };
};

/** Runs the use case of a route as if the person had sent a signed request. */
export const send = async <N extends SignedRoute>(
  { ports, state }: Pick<Memory, 'ports' | 'state'>,
  name: N,
  { keys }: Person,
  { params, query, body, now = NOW, nonce = newNonce() }: CallInput<N>,
): Promise<Answer<N>> => {
  const run = USE_CASES[name] as unknown as (deps: Ports, call: Call, input: unknown) => Promise<Answer<N>>;
  const call: Call = { caller: keys.id, now: instantOf(now), nonce: { value: nonce, expires: now + MINUTE } };
  const sent =
    body !== undefined && addsEntry(name) ? await withEntry(body, keys, { ...chainOf(state, keys.id), now }) : body;
  try {
    return await run(ports, call, { params: params ?? {}, query: query ?? {}, body: sent });
  } catch (error) {
    assertContract(name, error);
    throw error;
  }
};

export type Refusal = { readonly code: ErrorCode } & ProblemDetails;

const refusalOf = (error: unknown): Refusal | string => {
  if (error instanceof AppError) return { code: error.code, ...error.details };
  if (error instanceof StatementError || error instanceof UmbralError || error instanceof BytesError)
    return `${error.name} ${error.code}`;
  throw error;
};

/** Runs a call, expects that it changes nothing, and returns its answer. */
export const unchanged = async <T>(memory: Memory, run: () => Promise<T>): Promise<T> => {
  const before = memory.snapshot();
  const answer = await run();
  expect(memory.changedSince(before)).toEqual([]);
  return answer;
};

/** Runs a call, expects that it changes nothing, and returns its refusal, or 'accepted'. */
export const refused = async (memory: Memory, attempt: () => Promise<unknown>): Promise<Refusal | string> => {
  return unchanged(memory, () =>
    attempt().then(
      () => 'accepted',
      (error: unknown) => refusalOf(error),
    ),
  );
};

/** Returns a service with the same data, which runs `action` once, right before the first step with that name. */
export const interrupted = (memory: Memory, name: string, action: () => Promise<unknown>): Memory => {
  let done = false;
  return makeMemory({
    state: memory.state,
    schedule: async (step, run) => {
      if (step === name && !done) {
        done = true;
        await action();
      }
      return inOrder(step, run);
    },
  });
};

const READS =
  /\.(find|has|cells|cellsOf|holds|ofCell|unsettled|standing|list\w*|epochs|versions?|wraps|blobs|read|targets|download|head|checkpoint|stale)$/;

/** Returns a service with the same data, in which every write throws. With it, a test shows that a use case refuses before it writes. */
export const readOnly = (memory: Memory): Memory =>
  makeMemory({
    state: memory.state,
    schedule: (step, run) => {
      if (!READS.test(step)) throw new TypeError(`unexpected write: ${step}`);
      return inOrder(step, run);
    },
  });

export const trailOf = ({ state }: Memory, { keys }: Person): readonly AuditEvent[] =>
  (state.chains.get(keys.id) ?? []).map((row) => row.event);

/** Returns the last event of the patient's trail, without sequence number and previous hash. */
export const lastEvent = ({ state }: Memory, { keys }: Person) => {
  const { event, entry } = state.chains.get(keys.id)!.at(-1)!;
  const { seq: _seq, previous: _previous, ...rest } = event;
  return { ...rest, ...(entry.evidence === undefined ? {} : { evidence: entry.evidence }) };
};

/** Returns the event that a call at NOW must write. */
export const eventOf = (
  kind: AuditEvent['kind'],
  actor: Person,
  subject: AuditEvent['subject'],
  { hash, jws }: Statement,
  { of = patient, evidence = false }: { readonly of?: Person; readonly evidence?: boolean } = {},
) => ({
  kind,
  patient: of.keys.id,
  actor: actor.keys.id,
  subject,
  at: NOW,
  statement: hash,
  ...(evidence ? { evidence: jws } : {}),
});

export const begin = (
  memory: Pick<Memory, 'ports' | 'state'>,
  author: Person,
  { statement: { payload }, upload }: Filing,
  changes: Partial<Body<'begin-upload'>> & { readonly now?: number } = {},
) => {
  const { now = NOW, ...rest } = changes;
  const { record, folder, epoch, version } = payload;
  return send(memory, 'begin-upload', author, {
    params: { recordId: record },
    body: { upload, folder, epoch, version, multipart: false, ...rest },
    now,
  });
};

/** Uploads the blob in parts to the URLs of the service. */
export const uploaded = async (memory: Memory, author: Person, { statement, upload, blob }: Filing): Promise<void> => {
  const parts = partsOf(blob);
  const targets = await send(memory, 'upload-parts', author, {
    params: { recordId: statement.payload.record },
    body: { upload, parts: parts.map((p, i) => ({ number: i + 1, length: p.length, sha256: hashOf(p) })) },
  });
  for (const [i, target] of targets.parts.entries()) expect(memory.send(target, parts[i]!, NOW)).toBe(200);
};

export const commit = (
  memory: Pick<Memory, 'ports' | 'state'>,
  author: Person,
  { statement: { payload }, body }: Filing,
  changes: Partial<Body<'commit-record'>> & { readonly now?: number } = {},
) => {
  const { now = NOW, ...rest } = changes;
  const { record, version } = payload;
  return send(memory, 'commit-record', author, {
    params: { recordId: record, version },
    body: { ...body, ...rest },
    now,
  });
};

export const file = async (memory: Memory, author: Person, filing: Filing): Promise<Filing> => {
  await begin(memory, author, filing, { multipart: partsOf(filing.blob).length > 1 });
  await uploaded(memory, author, filing);
  await commit(memory, author, filing);
  return filing;
};

export const putFolder = (memory: Memory, owner: Person, statement: Statement<'folder'>) =>
  send(memory, 'create-folder', owner, {
    params: { folderId: statement.payload.folder },
    body: { statement: statement.jws },
  });

export const putIdentity = (memory: Memory, person: Person, statement: Statement<'identity'>) =>
  send(memory, 'register', person, { params: { id: person.keys.id }, body: { statement: statement.jws } });

const build = async () => {
  const memory = makeMemory();
  for (const person of [patient, recipient, stranger]) await putIdentity(memory, person, await identityOf(person));
  const folder = await folderOf(patient);
  const other = await folderOf(patient, { category: 'imaging' });
  const foreign = await folderOf(stranger);
  await putFolder(memory, patient, folder);
  await putFolder(memory, patient, other);
  await putFolder(memory, stranger, foreign);
  const letter = await file(memory, patient, await filingOf(patient, folder));
  const scan = await file(memory, patient, await filingOf(patient, other));
  const theirs = await file(memory, stranger, await filingOf(stranger, foreign));
  const request = await requestOf(recipient, [folder]);
  await send(memory, 'request-access', recipient, {
    params: { requestId: request.payload.request },
    body: { statement: request.jws },
  });
  const grant = await grantOf([folder]);
  await send(memory, 'grant-access', patient, { params: { grantId: grant.statement.payload.grant }, body: grant.body });
  return { state: memory.state, folder, other, foreign, letter, scan, theirs, request, grant };
};

let built: ReturnType<typeof build> | undefined;

/**
 * Patient, recipient and stranger are registered. The patient has two folders: `folder` contains a letter, `other` a scan. The stranger has a folder with a
 * record. The recipient's request for `folder` is pending. A grant without a request lets the recipient read `folder` for a day.
 */
export const clinic = async () => {
  const { state, ...facts } = await (built ??= build());
  return { ...makeMemory({ state: copyOf(state) }), ...facts };
};
export type Clinic = Awaited<ReturnType<typeof clinic>>;
