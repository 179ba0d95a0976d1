// Test helpers for grants: calls that make, extend, pause and revoke a grant, statements for them, and expected refusals.
import type { FolderId, GrantId } from '../../lib/bytes/ids.ts';
import type { Payload, Statement } from '../../lib/statements/kinds.ts';
import {
  delegated,
  grantOf,
  NOW,
  patient,
  recipient,
  revocationOf,
  signed,
  type Person,
  type SignedExtension,
  type SignedGrant,
} from './people.ts';
import { send, type Clinic } from './clinic.ts';

export const invalid = (member: string) => ({ code: 'statement-invalid', member });
/** Returns the refusal, which also says which extension of the body is wrong. */
export const inExtension = (index: number, refusal: object) => ({
  ...refusal,
  statement: `extensions.${index}.statement`,
});
export const NOT_FOUND = { code: 'not-found' };
export const NOT_REGISTERED = { code: 'not-registered' };
export const idOf = ({ statement }: SignedGrant): GrantId => statement.payload.grant;
export const folderId = ({ payload }: Statement<'folder'>): FolderId => payload.folder;

export const makeGrant = (w: Clinic, grant: SignedGrant, by: Person = patient) =>
  send(w, 'grant-access', by, { params: { grantId: idOf(grant) }, body: grant.body });
export const revoke = async (w: Clinic, grant: SignedGrant, now = NOW) => {
  const revocation = await revocationOf(grant.statement);
  await send(w, 'revoke-grant', patient, {
    params: { grantId: idOf(grant) },
    body: { statement: revocation.jws },
    now,
  });
};

/** Returns a grant to file in a folder. */
export const authorship = (
  folder: Statement<'folder'>,
  right: 'add' | 'write',
  changes: Partial<Payload<'grant'>> = {},
): Promise<SignedGrant> => {
  const { cell } = delegated(patient, folder, recipient);
  return grantOf([folder], { right, cells: [{ ...cell, kfrags: [] }], kfrags: [], ...changes });
};
export const naming = ({ statement }: SignedGrant) => ({
  grant: { id: statement.payload.grant, hash: statement.hash },
});

export const extend = (w: Clinic, { statement, body }: SignedExtension, by: Person = patient, now = NOW) =>
  send(w, 'extend-grant', by, { params: { grantId: statement.payload.grant }, body, now });

type Hold = 'pause' | 'resumption';
export const holdOf = (kind: Hold, grant: SignedGrant, number: number, changes: object = {}, by = patient) =>
  signed(
    kind,
    { patient: by.keys.id, grant: idOf(grant), of: grant.statement.hash, number, when: NOW },
    changes,
    by,
  ) as Promise<Statement<'pause'>>;
export const hold = async (w: Clinic, kind: Hold, grant: SignedGrant, number = 1, by = patient, now = NOW) => {
  const { jws } = await holdOf(kind, grant, number, {}, by);
  const route = kind === 'pause' ? 'pause-grant' : 'resume-grant';
  return send(w, route, by, { params: { grantId: idOf(grant) }, body: { statement: jws }, now });
};
