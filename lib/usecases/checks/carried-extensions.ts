// Carried extensions: checks the extensions that come with a new cell. Each extension adds only this cell to a grant, in the transaction that makes the cell.
import type { Input } from '../../api/routes.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { Call } from '../../ports/call.ts';
import { extendable, ownGrant, readExtension } from './extension.ts';
import type { Grants, NewExtension, StoredIdentity } from '../../ports/index.ts';
import { checkEach, mustBe } from './statement-members.ts';

interface NewCell {
  readonly statement: Statement<'folder'>;
  readonly body: Input<'create-folder'>['body'];
}

/** @throws {AppError} those of {@link extendable}; `statement-invalid` if a cell is not the new one, or a grant occurs twice */
export async function carriedInto(
  { statement: cell, body }: NewCell,
  { grants, patient }: { readonly grants: Pick<Grants, 'find'>; readonly patient: StoredIdentity },
  call: Call,
): Promise<readonly NewExtension[]> {
  const given = body.extensions ?? [];
  const read = await checkEach('extensions', given, (e) => readExtension(e, call));
  const ids = read.map((s) => s.payload.grant);
  await checkEach('extensions', read, (s, i) => mustBe('grant', ids.indexOf(s.payload.grant) === i));
  await checkEach('extensions', read, (s) => mustBe('cells', isOnly(s, cell)));
  const found = await checkEach('extensions', ids, (id) => ownGrant(grants, id, call));
  return checkEach('extensions', read, (statement, i) =>
    extendable({ statement, kfrags: given[i]!.kfrags }, found[i]!, { patient, folders: [cell.payload] }, call),
  );
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
