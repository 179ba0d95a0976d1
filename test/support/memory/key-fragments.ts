// In-memory port of key fragments. As in DynamoDB, the transaction of a revocation deletes only the key fragments of the first 80 cells.
import type { KeyFragments } from '../../../lib/ports/index.ts';
import { MOST_CELLS } from '../../../lib/statements/fields.ts';
import { cellText, ordinal, type GrantRow, type State } from './state.ts';
import type { Steps } from './steps.ts';

const sortKey = ({ folder, epoch }: Parameters<typeof cellText>[0]): string => `${folder}#${ordinal(epoch)}`;

/** Returns the key fragments that the transaction of a revocation does not delete: those of all cells except the first 80. */
export const withoutFirst = ({ cells, kfrags }: GrantRow): GrantRow['kfrags'] => {
  const inOrder = [...cells.values()].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const first = new Set(inOrder.slice(0, MOST_CELLS).map(cellText));
  return new Map([...kfrags].filter(([cell]) => !first.has(cell)));
};

export const keyFragmentSteps = (state: State): Steps<KeyFragments> => ({
  find: (grant, cell) => state.grants.get(grant)?.kfrags.get(cellText(cell)),

  forget: (grant) => {
    const row = state.grants.get(grant);
    if (row !== undefined && row.kfrags.size > 0) state.grants.set(grant, { ...row, kfrags: new Map() });
  },
});
