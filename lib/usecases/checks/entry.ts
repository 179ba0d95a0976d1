// Entry checks: checks the entry that comes with the statements of an act. The store checks that the entry follows the last one of the caller's chain.
import { AppError } from '../../api/errors.ts';
import { isSameList } from '../../domain/statement-chain.ts';
import type { Call, StatementChain } from '../../ports/index.ts';
import type { Jws, Statement } from '../../statements/kinds.ts';
import { claimOf, statementHash, verifyStatement } from '../../statements/verify.ts';
import { mustBe } from './statement-members.ts';

interface EntryBody {
  readonly entry: Jws;
  readonly voided?: readonly Jws[] | undefined;
}

/**
 * Verifies that the caller signed the entry, and that the entry names these statements and no others, in this order. If the entry voids earlier entries, their
 * statements must come with it, and the caller must have signed them.
 * @returns the call with the entry, for the store
 * @throws {AppError} `statement-invalid`
 */
export async function withEntry(
  call: Call,
  { entry: jws, voided = [] }: EntryBody,
  statements: readonly Statement[],
): Promise<Call & Required<Pick<Call, 'entry'>>> {
  const statement = await verifyStatement('entry', jws, call.caller);
  const { payload } = statement;
  const hashes = statements.map((s) => s.hash);
  mustBe('entry', isSameList(payload.statements, hashes));
  const named = (payload.voids ?? []).flatMap((v) => v.statements);
  mustBe('voided', isSameList(named, voided.map(statementHash)));
  for (const v of voided) await verifyStatement(claimOf(v).kind, v, call.caller);
  return { ...call, entry: { statement, statements: statements.map((s) => s.jws), voided } };
}

/**
 * Call this function if the change is stored already. It checks that the chain contains this entry: only then was the same call made before.
 * @throws {AppError} `chain-moved` if another entry made the change
 */
export async function mustBeStored(chain: Pick<StatementChain, 'has'>, { entry }: Required<Pick<Call, 'entry'>>) {
  if (!(await chain.has(entry.statement))) throw new AppError('chain-moved');
}
