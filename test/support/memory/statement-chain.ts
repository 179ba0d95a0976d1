// In-memory port of the chain of statements: lists entries by number.
import type { StatementChain, StoredEntry } from '../../../lib/ports/index.ts';
import { pageOf, type Placed } from './page.ts';
import { ordinal, type State } from './state.ts';
import type { Steps } from './steps.ts';
import { hasEntry } from './transaction.ts';

const ENTRY = /^S#\d{10}$/;

export const chainSteps = (state: State): Steps<StatementChain> => ({
  list: (id, after, request) =>
    pageOf(
      (state.entries.get(id) ?? [])
        .slice(after)
        .map(({ statement, statements, voided }): Placed<StoredEntry> => [
          `S#${ordinal(statement.payload.number)}`,
          { entry: statement.jws, statements, voided },
        ]),
      ENTRY,
      request,
    ),
  has: (entry) => hasEntry(state, entry),
});
