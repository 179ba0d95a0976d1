// In-memory port of identities and folders.
import { AppError } from '../../../lib/api/errors.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import type { Folders, Identities, StoredWrap } from '../../../lib/ports/index.ts';
import { extending } from './grant-extensions.ts';
import type { State } from './state.ts';
import type { Steps } from './steps.ts';
import { effectOf, transact, unless } from './transaction.ts';

export const identitySteps = (state: State): Steps<Identities> => ({
  find: (id) => state.identities.get(id),

  put: (statement, previous, event, call) => {
    const stored = state.identities.get(statement.payload.id)?.statement;
    return transact(state, {
      ...effectOf(call),
      makes: [[statement, stored]],
      conditions: [unless(stored?.hash === previous, new AppError('statement-outdated'))],
      events: [{ draft: event, evidence: statement.jws }],
      effect: () => state.identities.set(statement.payload.id, { statement, state: 'active' }),
    });
  },
});

/** Adds the wrap of a single-record folder to its record version. */
const addWrap = (state: State, { payload }: Statement<'folder'>, wrap: StoredWrap | undefined): void => {
  const { single, folder, epoch, issued } = payload;
  const row = single && state.records.get(single.record);
  if (wrap === undefined || row === undefined) return;
  state.records.set(single!.record, {
    ...row,
    wraps: [...row.wraps, { ...single!, folder, epoch, created: issued, ...wrap }],
  });
};

export const folderSteps = (state: State): Steps<Folders> => {
  const find: Steps<Folders>['find'] = (id) => {
    const row = state.folders.get(id);
    return row === undefined ? undefined : { statement: row.current, state: 'current' };
  };

  return {
    find,

    cells: (names) => names.map(({ folder, epoch }) => state.folders.get(folder)?.cells.get(epoch)),

    put: (statement, previous, event, call, carried = { extensions: [] }) => {
      const extended = carried.extensions.map((e) => extending(state, e, call.now));
      const { folder, epoch, single: held } = statement.payload;
      const single = held && state.records.get(held.record);
      const row = state.folders.get(folder);
      const before = previous === undefined ? undefined : row?.cells.get(epoch - 1);
      return transact(state, {
        ...effectOf(call),
        makes: [[statement, row?.current]],
        conditions: [
          previous === undefined
            ? unless(row === undefined, new AppError('already-exists'))
            : unless(row?.current.hash === previous, new AppError('statement-outdated')),
          unless(
            row?.cells.has(epoch) !== true,
            new AppError(previous === undefined ? 'already-exists' : 'statement-outdated'),
          ),
          unless(previous === undefined || before?.state === 'current', new AppError('statement-outdated')),
          unless(carried.wrap === undefined || single?.head.state === 'committed', new AppError('not-found')),
          ...extended.flatMap((e) => e.conditions),
        ],
        events: [{ draft: event }],
        effect: () => {
          const cells = new Map(row?.cells);
          if (before !== undefined) cells.set(epoch - 1, { ...before, state: 'closed' });
          cells.set(epoch, { statement, state: 'current' });
          state.folders.set(folder, { current: statement, cells });
          addWrap(state, statement, carried.wrap);
          for (const e of extended) e.effect();
        },
      });
    },
  };
};
