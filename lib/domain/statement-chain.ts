// Chain of statements: tells which entry follows the last one. Each identity has one chain. docs/spec/statements/entry.md specifies it. All functions are
// pure.
import type { ChainHead } from './audit-chain.ts';
import type { Payload, StatementHash } from '../statements/kinds.ts';

/** Number and hash of the last entry of a chain; 0 and no hash if it is empty. */
export interface EntryHead {
  readonly number: number;
  readonly hash?: StatementHash;
}
export const NO_ENTRIES: EntryHead = { number: 0 };

/**
 * The heads of an identity's trail and chain of statements: number and hash of the last event, and in `entries` those of the last entry. Both heads are stored
 * in one item, so they change together.
 */
export interface Heads extends ChainHead {
  readonly entries: EntryHead;
}

/** Whether an entry is the next one of a chain whose head is `head`. */
export const followsHead = ({ number, previous }: Payload<'entry'>, head: EntryHead): boolean =>
  number === head.number + 1 && previous === head.hash;

/** Whether the lists have the same hashes in the same order. */
export const isSameList = (a: readonly StatementHash[], b: readonly StatementHash[]): boolean =>
  a.length === b.length && a.every((hash, i) => hash === b[i]);
