// Store of the chains of statements in DynamoDB: one item for each entry, in the partition of the audit trail. The heads of trail and chain are in one item.
import type { IdentityId } from '../../bytes/ids.ts';
import type { EntryHead } from '../../domain/statement-chain.ts';
import type { NewEntry, StatementChain, StoredEntry } from '../../ports/index.ts';
import type { Statement } from '../../statements/kinds.ts';
import { getItem, type StoreContext } from './database.ts';
import { text, texts, type Fields, type Item } from './item.ts';
import { mapPage, page } from './page.ts';
import { chainPk, entryKey, SHAPES, startingWith, type Key } from './table.ts';

export const headAfter = ({ statement: { hash, payload } }: NewEntry): EntryHead => ({ number: payload.number, hash });

/** The members of the head item that belong to the chain of statements. */
export const headFields = ({ number, hash }: EntryHead): Fields =>
  hash === undefined ? {} : { entries: number, entry: hash };

export const entryItem = (id: IdentityId, { statement, statements, voided }: NewEntry): Fields & Key => ({
  ...entryKey(id, statement.payload.number),
  jws: statement.jws,
  hash: statement.hash,
  statements,
  voided: voided.length === 0 ? undefined : voided,
});

const toEntry = (item: Item): StoredEntry => ({
  entry: text(item, 'jws'),
  statements: texts(item, 'statements'),
  voided: texts(item, 'voided'),
});

/** Whether this entry is stored. */
export const hasEntry = async (
  context: StoreContext,
  { hash, payload: { id, number } }: Statement<'entry'>,
): Promise<boolean> => (await getItem(context, entryKey(id, number)))?.['hash'] === hash;

export const makeStatementChain = (context: StoreContext): StatementChain => ({
  list: async (id, after, request) => {
    const span = { ...startingWith('S#'), from: entryKey(id, after + 1).sk };
    return mapPage(await page(context, { pk: chainPk(id), span }, SHAPES.entry, request), toEntry);
  },
  has: (entry) => hasEntry(context, entry),
});
