// Use case list-chain: lists the entries of the caller's chain of statements, with the statements, oldest first.
import type { Answer, Input } from '../api/routes.ts';
import type { Call, Identities, StatementChain } from '../ports/index.ts';
import { findRegistered } from './checks/caller.ts';
import { next } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly chain: Pick<StatementChain, 'list'>;
}

export async function listChain(
  { identities, chain }: Deps,
  { caller }: Call,
  { query }: Input<'list-chain'>,
): Promise<Answer<'list-chain'>> {
  const [page] = await Promise.all([chain.list(caller, query.after ?? 0, query), findRegistered(identities, caller)]);
  const entries = page.items.map(({ entry, statements, voided }) => ({
    entry,
    statements: [...statements],
    ...(voided.length === 0 ? {} : { voided: [...voided] }),
  }));
  return { entries, ...next(page) };
}
