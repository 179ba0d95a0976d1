// Store of folders in DynamoDB: a folder has one item for the current epoch, from which it is listed, and one item per cell, which is never deleted.
import { AppError } from '../../api/errors.ts';
import { cellLife, recordLife } from '../../domain/life-cycles.ts';
import type { CellState } from '../../domain/life-cycles.ts';
import type { Statement, StatementHash } from '../../statements/kinds.ts';
import type { Carried, Folders, StoredCell } from '../../ports/index.ts';
import { getItem, getItems, type StoreContext } from './database.ts';
import { statementOf, text, type Item, primaryKeyOf } from './item.ts';
import { extensionSteps } from './grant-items.ts';
import { mapPage, page } from './page.ts';
import { is, isAbsent, type Step } from './conditional-writes.ts';
import {
  cellKey,
  EVERYTHING,
  folderIndex,
  folderKey,
  folderPk,
  foldersPk,
  recordKey,
  SHAPES,
  startingWith,
  wrapIndex,
  wrapKey,
  type Key,
} from './table.ts';
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
  const { folder, epoch, patient, category } = payload;
  const current = { jws, hash, state: cellLife.close.from };
  const steps: readonly Step[] = [
    {
      put: { ...folderKey(folder), ...folderIndex(patient, category, folder), ...current },
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
  const cellsAt = async (keys: readonly Key[]): Promise<readonly (StoredCell | undefined)[]> =>
    (await getItems(context, keys)).map((item) => (item === undefined ? undefined : toCell(item)));

  return {
    find: async (id) => {
      const item = await getItem(context, folderKey(id));
      return item === undefined ? undefined : toCell(item);
    },

    cells: (names) => cellsAt(names.map(cellKey)),

    // The index tells which folders exist. A consistent read gets their statements, so that no client sees an older epoch after a newer one.
    list: async (patient, request) => {
      const asked = { index: 'gsi1', pk: foldersPk(patient), span: EVERYTHING } as const;
      const listed = await page(context, asked, SHAPES.folder, request);
      const cells = await cellsAt(listed.items.map(primaryKeyOf));
      return { ...listed, items: cells.filter((c) => c !== undefined) };
    },

    epochs: async (folder, request) =>
      mapPage(await page(context, { pk: folderPk(folder), span: startingWith('C#') }, SHAPES.cell, request), toCell),

    put: (statement, previous, event, call, carried) =>
      write({
        steps: [...folderSteps(statement, previous), ...carriedSteps(statement, carried, call.now)],
        events: [{ draft: event }],
        ...effectOf(call),
      }),
  };
};
