// Store of folders in DynamoDB: a folder has one item for the current epoch, and one item per cell, which is never deleted.
import { AppError } from '../../api/errors.ts';
import { cellLife, recordLife } from '../../domain/life-cycles.ts';
import type { CellState } from '../../domain/life-cycles.ts';
import type { Statement, StatementHash } from '../../statements/kinds.ts';
import type { Carried, Folders, StoredCell } from '../../ports/index.ts';
import { getItem, getItems, type StoreContext } from './database.ts';
import { statementOf, text, type Item } from './item.ts';
import { extensionSteps } from './grant-items.ts';
import { is, isAbsent, type Step } from './conditional-writes.ts';
import { cellKey, folderKey, recordKey, wrapIndex, wrapKey } from './table.ts';
import { effectOf, type Writer } from './transactional-writer.ts';

export const toCell = (item: Item): StoredCell => ({
  statement: statementOf('folder', item),
  state: text<CellState>(item, 'state'),
});

const exists = () => new AppError('already-exists');
const outdated = () => new AppError('statement-outdated');

const folderSteps = (
  { payload, jws, hash }: Statement<'folder'>,
  previous: StatementHash | undefined,
): readonly Step[] => {
  const { folder, epoch } = payload;
  const current = { jws, hash, state: cellLife.close.from };
  const steps: readonly Step[] = [
    {
      put: { ...folderKey(folder), ...current },
      when: [previous === undefined ? isAbsent(exists) : is('hash', previous, outdated)],
      makes: hash,
    },
    {
      put: { ...cellKey({ folder, epoch }), ...current },
      when: [isAbsent(previous === undefined ? exists : outdated)],
    },
  ];
  if (previous === undefined) return steps;
  const closing: Step = {
    update: cellKey({ folder, epoch: epoch - 1 }),
    set: { state: cellLife.close.to },
    when: [is('state', cellLife.close.from, outdated)],
  };
  return [...steps, closing];
};

/**
 * Makes the steps that write what a new cell contains from its beginning: the wrap of a single-record folder, and the extensions that add the cell to grants.
 */
const carriedSteps = (
  { payload }: Statement<'folder'>,
  { wrap, extensions }: Carried = { extensions: [] },
  now: number,
): readonly Step[] => {
  const { single } = payload;
  const key = single && { ...wrapKey(single.record, single.version, payload) };
  const index = single && wrapIndex(payload, payload.issued, single.record, single.version);
  const wrapped: readonly Step[] =
    single === undefined || wrap === undefined || key === undefined
      ? []
      : [
          {
            check: recordKey(single.record),
            when: [is('state', recordLife.delete.from, () => new AppError('not-found'))],
          },
          { put: { ...key, ...index, ...wrap }, when: [] },
        ];
  return [...wrapped, ...extensions.flatMap((e) => extensionSteps(e, now))];
};

export const makeFolders = (context: StoreContext, write: Writer): Folders => {
  const toCellIfAny = (item: Item | undefined) => (item === undefined ? undefined : toCell(item));

  return {
    find: async (id) => toCellIfAny(await getItem(context, folderKey(id))),

    cells: async (names) => (await getItems(context, names.map(cellKey))).map(toCellIfAny),

    put: (statement, previous, event, call, carried) =>
      write({
        steps: [...folderSteps(statement, previous), ...carriedSteps(statement, carried, call.now)],
        events: [{ draft: event }],
        ...effectOf(call),
      }),
  };
};
