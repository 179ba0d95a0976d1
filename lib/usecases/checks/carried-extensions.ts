// Carried extensions: checks the extensions that come with a new cell. Each extension adds only this cell to a grant, in the transaction that makes the cell.
import type { Input } from '../../api/routes.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { Call } from '../../ports/call.ts';
import { extendable, ownGrant, readExtension } from './extension.ts';
import type { Grants, NewExtension, StoredIdentity } from '../../ports/index.ts';
import { checkEach, mustBe } from './statement-members.ts';

type FolderBody = Input<'create-folder'>['body'];

/** Verifies that the caller signed the extensions, that each has only the new cell, and that no grant occurs twice. @throws {AppError} `statement-invalid` */
export async function carriedStatements(
  { statement: cell, body }: { readonly statement: Statement<'folder'>; readonly body: FolderBody },
  call: Call,
): Promise<readonly Statement<'extension'>[]> {
  const read = await checkEach('extensions', body.extensions ?? [], (e) => readExtension(e, call));
  const ids = read.map((s) => s.payload.grant);
  await checkEach('extensions', read, (s, i) => mustBe('grant', ids.indexOf(s.payload.grant) === i));
  await checkEach('extensions', read, (s) => mustBe('cells', isOnly(s, cell)));
  return read;
}

interface Carried {
  readonly cell: Statement<'folder'>;
  /** The extensions that {@link carriedStatements} returned. */
  readonly statements: readonly Statement<'extension'>[];
  readonly body: FolderBody;
}

/** Checks the extensions against the stored grants. @throws {AppError} the errors of {@link extendable}, `not-found` */
export async function carriedInto(
  { cell, statements, body }: Carried,
  { grants, patient }: { readonly grants: Pick<Grants, 'find'>; readonly patient: StoredIdentity },
  call: Call,
): Promise<readonly NewExtension[]> {
  const found = await checkEach('extensions', statements, (s) => ownGrant(grants, s.payload.grant, call));
  return checkEach('extensions', statements, (statement, i) => {
    const { kfrags } = body.extensions![i]!;
    return extendable({ statement, kfrags }, found[i]!, { patient, folders: [cell.payload] }, call);
  });
}

const isOnly = ({ payload: { cells } }: Statement<'extension'>, { payload, hash }: Statement<'folder'>): boolean => {
  const cell = cells[0]!;
  return (
    cells.length === 1 &&
    cell.folder === payload.folder &&
    cell.epoch === payload.epoch &&
    cell.key === payload.key &&
    cell.statement === hash
  );
};
