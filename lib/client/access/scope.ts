// Turns the scope that an application names into the scope of a request or grant.
import type { FolderId, RecordId } from '../../bytes/ids.ts';
import type { Category } from '../../statements/fields.ts';
import type { Scope, Standing } from '../../statements/kinds.ts';
import { assertValid } from '../session/check-arguments.ts';
import { ClientError } from '../session/errors.ts';

/** Exactly one member must be present. */
export interface ScopeInput {
  readonly folders?: readonly FolderId[];
  readonly categories?: readonly Category[];
  readonly everything?: true;
  readonly record?: RecordId;
}

/** @throws {ClientError} `bad-argument` unless exactly one member is present, and for an unknown category */
export const scopeOf = ({ folders, categories, everything, record }: ScopeInput): Scope => {
  const scopes: Scope[] = [
    ...(folders === undefined ? [] : [{ folders: [...folders] }]),
    ...(categories === undefined ? [] : [{ categories: [...categories] }]),
    ...(everything === undefined ? [] : [{ everything }]),
    ...(record === undefined ? [] : [{ record }]),
  ];
  const [scope, ...rest] = scopes;
  if (scope === undefined || rest.length > 0)
    throw new ClientError('bad-argument', 'name folders, categories, everything or a record, and one of them only');
  for (const category of categories ?? []) assertValid('category', category);
  return scope;
};

/** Returns which later folders a standing grant over this scope covers. Returns undefined for named folders and for a record. */
export const standingOf = (scope: Scope): Standing | undefined =>
  'categories' in scope || 'everything' in scope ? scope : undefined;
