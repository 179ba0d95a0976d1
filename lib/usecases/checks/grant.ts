// Grant checks: checks a grant, and the cells and key fragments of a grant or an extension, before they are stored. If one of these checks is removed,
// a test fails.
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../../api/errors.ts';
import type { Input } from '../../api/routes.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import type { EventDraft } from '../../domain/audit-chain.ts';
import { endClockFault, excess, grantFault, RIGHT_FACTS, type FolderFacts } from '../../domain/grant.ts';
import type { GrantCell, Payload, Statement } from '../../statements/kinds.ts';
import { ofService } from '../../statements/proxy-threshold.ts';
import { verifyStatement } from '../../statements/verify.ts';
import { decodeKFrag, decodePublicKey, kfragId, verifyKFrag } from '../../umbral/proxy.ts';
import type { Call } from '../../ports/call.ts';
import { whileRegistered } from './caller.ts';
import type { Folders, Identities, NewGrant, StoredCell, StoredIdentity, StoredRequest } from '../../ports/index.ts';
import { orRefuse } from './curve-points.ts';
import { mustBe, mustBeInTime, mustHaveNo } from './statement-members.ts';

export interface GrantDeps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'cells'>;
}

type GrantBody = Pick<Input<'grant-access'>['body'], 'statement' | 'kfrags'>;

/** Verifies that the caller signed the grant and that its members are valid. It reads no stored state. @throws {AppError} `statement-invalid` */
export async function readGrant(jws: string, call: Call): Promise<Statement<'grant'>> {
  return verifyStatement('grant', jws, call.caller);
}

/** Checks that the grant gives no more than the request asks for. @throws {AppError} `grant-exceeds-request`, with the member */
export function assertWithin(grant: Statement<'grant'>, request: StoredRequest, folders: readonly FolderFacts[]): void {
  const member = excess(grant.payload, request.statement, folders);
  if (member !== undefined) throw new AppError('grant-exceeds-request', { member });
}

/**
 * Checks the terms of a grant, without stored state: recipient, times, and the members that its right allows.
 * @throws {AppError} `statement-invalid`, with the member
 */
export function assertTerms({ payload }: Statement<'grant'>, call: Call): void {
  const fault = grantFault(payload, call.now);
  if (fault === 'expires') mustBeInTime(fault, endClockFault(payload, call.now), call.now);
  mustHaveNo(fault);
}

/**
 * Checks that a grant may be stored; the caller of this function has checked its terms. Every cell exists, belongs to the patient, and has the key and the
 * statement that the grant names. The receiving key is the recipient's current one. Every key fragment is for its cell and this recipient, and the patient
 * signed it. The grant gives no more than the request asks for, if there is one.
 * @throws {AppError} `statement-invalid`, `not-found`, `kfrag-invalid`, `not-registered`, `grant-exceeds-request`
 */
export async function grantable(
  deps: GrantDeps,
  {
    statement,
    body,
    request,
  }: { readonly statement: Statement<'grant'>; readonly body: GrantBody; readonly request?: StoredRequest },
  call: Call,
): Promise<NewGrant> {
  const { payload } = statement;
  const reading = Promise.all([deps.identities.find(payload.recipient), ownCells(deps.folders, payload)]);
  const [patient, [recipient, cells]] = await whileRegistered(deps.identities, call.caller, reading);
  if (recipient === undefined) throw new AppError('not-found');
  if (request !== undefined) assertWithin(statement, request, factsOf(cells));
  const { inbox, receiving } = recipient.statement.payload;
  const { number, key } = receiving;
  mustBe('receiving', payload.receiving.number === number && payload.receiving.key === key);
  mustBe('inbox', payload.inbox === undefined || payload.inbox === inbox);
  const { filesVersion, needsKeyFragments } = RIGHT_FACTS[payload.right];
  if (filesVersion !== 'none') mustBe('cells', cells.every(takesRecords));
  if (needsKeyFragments) assertKFrags(payload.cells, body.kfrags, keysOf(patient, payload));
  else mustBe('cells', body.kfrags.length === 0);
  return { statement, kfrags: body.kfrags, verifying: patient.statement.payload.kfragSigner };
}

/** Whether records can be filed in a cell: the cell is current, and its folder is not a single-record folder. */
const takesRecords = ({ state, statement }: StoredCell): boolean =>
  state === 'current' && statement.payload.single === undefined;

export const factsOf = (cells: readonly StoredCell[]): readonly FolderFacts[] => cells.map((c) => c.statement.payload);

/**
 * Reads the cells, and checks that they belong to the patient and have the keys and statements that the grant names.
 * @throws {AppError} `not-found` with the ids, `statement-invalid`
 */
export async function ownCells(
  folders: GrantDeps['folders'],
  { cells, patient }: Pick<Payload<'grant'>, 'cells' | 'patient'>,
): Promise<readonly StoredCell[]> {
  const stored = await folders.cells(cells.map(({ folder, epoch }) => ({ folder, epoch })));
  const missing = cells.filter((_, i) => stored[i]?.statement.payload.patient !== patient).map((c) => c.folder);
  if (missing.length > 0) throw new AppError('not-found', { ids: missing });
  mustBe(
    'cells',
    cells.every((c, i) => stored[i]!.statement.payload.key === c.key && stored[i]!.statement.hash === c.statement),
  );
  return stored.map((c) => c!);
}

type Keys = Pick<Required<Parameters<typeof verifyKFrag>[1]>, 'verifying' | 'receiving'>;

/** Returns the public keys for the check of key fragments: the patient's key fragment signer and the recipient's receiving key. */
export const keysOf = (patient: StoredIdentity, { receiving }: Pick<Payload<'grant'>, 'receiving'>): Keys => ({
  verifying: decodePublicKey(fromBase64url(patient.statement.payload.kfragSigner)),
  receiving: decodePublicKey(fromBase64url(receiving.key)),
});

/** Verifies one key fragment for each cell. @throws {AppError} `statement-invalid`, `kfrag-invalid` with the folder */
export function assertKFrags(cells: readonly GrantCell[], kfrags: readonly string[], keys: Keys): void {
  mustBe('cells', kfrags.length === cells.length);
  cells.forEach((cell, i) => assertKFrag(fromBase64url(kfrags[i]!), cell, keys));
}

function assertKFrag(bytes: Uint8Array, cell: GrantCell, keys: Keys): void {
  const invalid = new AppError('kfrag-invalid', { ids: [cell.folder] });
  const named = ofService(cell.kfrags)!;
  if (named.hash !== toBase64url(sha256(bytes))) throw invalid;
  const id = orRefuse(invalid, () => {
    const kfrag = decodeKFrag(bytes);
    verifyKFrag(kfrag, { ...keys, delegating: decodePublicKey(fromBase64url(cell.key)), requireBothKeys: true });
    return toBase64url(kfragId(kfrag));
  });
  if (id !== named.id) throw invalid;
}

export const granted = ({ payload: p, hash }: Statement<'grant'>, call: Call): EventDraft => ({
  kind: 'access-granted',
  patient: p.patient,
  actor: call.caller,
  subject: {
    grant: p.grant,
    ...(p.request === undefined ? {} : { request: p.request.id }),
    right: p.right,
    folders: [...new Set(p.cells.map((c) => c.folder))],
    purpose: p.purpose,
  },
  at: call.now,
  statement: hash,
});
