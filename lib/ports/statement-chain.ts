// StatementChain: the port through which use cases read the chain of statements of an identity.
import type { IdentityId } from '../bytes/ids.ts';
import type { Jws, Statement } from '../statements/kinds.ts';
import type { Page, PageRequest } from './page.ts';

/** An entry as it is stored, with the statements that it names. */
export interface StoredEntry {
  readonly entry: Jws;
  readonly statements: readonly Jws[];
  /** The statements of the entries that this entry names as void. */
  readonly voided: readonly Jws[];
}

export interface StatementChain {
  /** Lists the entries whose number is larger than `after`, oldest first. */
  list(id: IdentityId, after: number, page: PageRequest): Promise<Page<StoredEntry>>;
  /** Tells whether this entry is stored, by a consistent read. */
  has(entry: Statement<'entry'>): Promise<boolean>;
}
