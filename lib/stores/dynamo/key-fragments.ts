// Store of key fragments in DynamoDB: reads and deletes them. A key fragment is a member of the item of its grant cell; no other file of the stores names
// that member.
import type { GrantId } from '../../bytes/ids.ts';
import type { CellName, KeyFragments, StoredKeyFragment } from '../../ports/index.ts';
import { MOST_CELLS } from '../../statements/fields.ts';
import type { Step } from './conditional-writes.ts';
import { after, getItem, query, type StoreContext } from './database.ts';
import { optionalText, primaryKeyOf, text, type Fields, type Item } from './item.ts';
import { grantCellKey, grantPk, startingWith, type Key } from './table.ts';
import type { Writer } from './transactional-writer.ts';

const MEMBER = 'kfrag';

/** Makes the key of the item that contains the key fragment of a cell. */
export const fragmentKey = (grant: GrantId, cell: CellName): Key => grantCellKey(grant, cell);

/** Makes the member that stores a key fragment in the item of its cell. @param verified base64url */
export const fragmentMember = (verified: string | undefined): Fields => ({ [MEMBER]: verified });

/** Reads the key fragment from the item of its cell; undefined after it was deleted. @throws {StoreError} `damaged-item` */
export const toKeyFragment = (item: Item): StoredKeyFragment | undefined =>
  optionalText(item, MEMBER) as StoredKeyFragment | undefined;

/** Makes the step that deletes the key fragment of a cell. The cell and its extension remain as evidence of what was granted. */
const forgetStep = (item: Item): Step => ({
  update: primaryKeyOf(item),
  remove: [MEMBER],
  when: [],
});

/** Reads as many cells of a grant as one transaction can change. @param from a sort key; without it, from the first cell on */
const cellsFrom = (context: StoreContext, grant: GrantId, from?: string) => {
  const span = startingWith('C#');
  return query(context, { pk: grantPk(grant), span: { ...span, from: from ?? span.from }, limit: MOST_CELLS });
};

/**
 * Makes the steps that delete the key fragments of the first cells, for the transaction that ends the grant. There are at most {@link MOST_CELLS} steps,
 * so the transaction, with state, chain and claim, stays below DynamoDB's limit of 100 items.
 */
export const forgetFirstSteps = async (context: StoreContext, grant: GrantId): Promise<readonly Step[]> =>
  (await cellsFrom(context, grant)).items.map(forgetStep);

export const makeKeyFragments = (context: StoreContext, write: Writer): KeyFragments => ({
  find: async (grant, cell) => {
    const item = await getItem(context, fragmentKey(grant, cell));
    return item === undefined ? undefined : toKeyFragment(item);
  },

  // Reads the cells from the first one again: an extension may have been stored since the revocation read the cells, or an earlier call may have been
  // interrupted.
  forget: async (grant) => {
    for (let from: string | undefined; ;) {
      const { items, more } = await cellsFrom(context, grant, from);
      const steps = items.filter((item) => toKeyFragment(item) !== undefined).map(forgetStep);
      if (steps.length > 0) await write({ steps });
      const last = items.at(-1);
      if (!more || last === undefined) return;
      from = after(text(last, 'sk'));
    }
  },
});
