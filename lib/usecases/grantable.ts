// What must hold before a grant is stored, whether it answers a request or not. Each check has a test that goes red without it.
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../api/errors.ts';
import type { Input } from '../api/routes.ts';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import type { EventDraft } from '../domain/audit.ts';
import { excess, grantFault } from '../domain/grant.ts';
import type { GrantCell, Payload, Statement } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import { decodeKFrag, decodePublicKey, kfragId, verifyKFrag } from '../umbral/proxy.ts';
import type { Call } from './call.ts';
import { whileRegistered } from './caller.ts';
import type { Folders, Identities, NewGrant, StoredIdentity, StoredRequest } from './ports.ts';
import { mustBe, mustHaveNo, orRefuse } from './stated.ts';

export interface GrantDeps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'cells'>;
}

type GrantBody = Input<'grant-access'>['body'];

/** The grant statement, signed by the caller and sound in itself. @throws {AppError} `statement-invalid` */
export async function readGrant(jws: string, call: Call): Promise<Statement<'grant'>> {
  return verifyStatement('grant', jws, call.caller);
}

/** @throws {AppError} `grant-exceeds-request`, naming the member that goes beyond what was asked */
export function assertWithin(grant: Statement<'grant'>, request: StoredRequest): void {
  const member = excess(grant.payload, request.statement.hash, request.statement.payload);
  if (member !== undefined) throw new AppError('grant-exceeds-request', { member });
}

/**
 * A grant that may be stored: every cell exists, is the caller's and has the named key and statement; the recipient's receiving key is its
 * current one; every key fragment is for this cell and this recipient, signed by the patient.
 * @throws {AppError} `statement-invalid`, `not-found`, `kfrag-invalid`, `not-registered`
 */
export async function grantable(
  deps: GrantDeps,
  statement: Statement<'grant'>,
  body: GrantBody,
  call: Call,
): Promise<NewGrant> {
  const { payload } = statement;
  mustHaveNo(grantFault(payload, call.now));
  const reading = Promise.all([deps.identities.find(payload.recipient), assertCells(deps.folders, payload)]);
  const [patient, [recipient]] = await whileRegistered(deps.identities, call.caller, reading);
  if (recipient === undefined) throw new AppError('not-found');
  const { number, key } = recipient.statement.payload.receiving;
  mustBe('receiving', payload.receiving.number === number && payload.receiving.key === key);
  assertKFrags(payload, body.kfrags, patient);
  return { statement, kfrags: body.kfrags };
}

async function assertCells(folders: GrantDeps['folders'], { cells, patient }: Payload<'grant'>): Promise<void> {
  const stored = await folders.cells(cells.map(({ folder, epoch }) => ({ folder, epoch })));
  const missing = cells.filter((_, i) => stored[i]?.statement.payload.patient !== patient).map((c) => c.folder);
  if (missing.length > 0) throw new AppError('not-found', { ids: missing });
  mustBe(
    'cells',
    cells.every((c, i) => stored[i]?.statement.payload.key === c.key && stored[i].statement.hash === c.statement),
  );
}

function assertKFrags(grant: Payload<'grant'>, kfrags: readonly string[], patient: StoredIdentity): void {
  mustBe('cells', kfrags.length === grant.cells.length);
  const verifying = decodePublicKey(fromBase64url(patient.statement.payload.kfragSigner));
  const receiving = decodePublicKey(fromBase64url(grant.receiving.key));
  grant.cells.forEach((cell, i) => assertKFrag(fromBase64url(kfrags[i]!), cell, { verifying, receiving }));
}

type Keys = Pick<Required<Parameters<typeof verifyKFrag>[1]>, 'verifying' | 'receiving'>;

function assertKFrag(bytes: Uint8Array, cell: GrantCell, keys: Keys): void {
  const invalid = new AppError('kfrag-invalid', { ids: [cell.folder] });
  const [named] = cell.kfrags;
  if (named?.hash !== toBase64url(sha256(bytes))) throw invalid;
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
    folders: [...new Set(p.cells.map((c) => c.folder))],
    purpose: p.purpose,
  },
  at: call.now,
  statement: hash,
});
