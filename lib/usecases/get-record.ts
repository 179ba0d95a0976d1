// The versions of a record. A recipient sees those that are wrapped for a cell of its grant.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from './call.ts';
import { whileRegistered } from './caller.ts';
import type { Grants, Identities, Records } from './ports.ts';
import { grantedCells } from './readable.ts';
import { next, versionAnswer } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find'>;
  readonly records: Pick<Records, 'find' | 'versions' | 'wrapped'>;
}

export async function getRecord(
  deps: Deps,
  call: Call,
  { params, query }: Input<'get-record'>,
): Promise<Answer<'get-record'>> {
  const reading = Promise.all([
    deps.records.find(params.recordId),
    grantedCells(deps.grants, query.grant, call),
    deps.records.versions(params.recordId, query),
  ]);
  const [, [head, cells, page]] = await whileRegistered(deps.identities, call.caller, reading);
  if (head === undefined) throw new AppError('not-found');
  const deletion = head.deletion === undefined ? {} : { deletion: head.deletion };
  if (cells === undefined) {
    if (head.patient !== call.caller) throw new AppError('not-found');
    return { versions: page.items.map(versionAnswer), ...deletion, ...next(page) };
  }
  const wrapped = await deps.records.wrapped(params.recordId, cells);
  if (wrapped.size === 0) throw new AppError('not-found');
  const shown = page.items.filter((v) => wrapped.has(v.statement.payload.version));
  return { versions: shown.map(versionAnswer), ...deletion, ...next(page) };
}
