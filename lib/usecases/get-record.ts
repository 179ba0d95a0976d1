// Use case get-record: returns the versions of a record. A recipient gets the versions that have a wrap for a cell of its grant.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { whileRegistered } from './checks/caller.ts';
import type { Grants, Identities, Records, StoredRecord } from '../ports/index.ts';
import { readableVersions, type ReadableVersions } from './checks/readable-cells.ts';
import { next, versionAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly grants: Pick<Grants, 'find' | 'holds'>;
  readonly records: Pick<Records, 'find' | 'versions' | 'wraps'>;
}

export async function getRecord(
  deps: Deps,
  call: Call,
  { params, query }: Input<'get-record'>,
): Promise<Answer<'get-record'>> {
  const [, [head, page, readable]] = await whileRegistered(
    deps.identities,
    call.caller,
    reading(deps, call, params, query),
  );
  if (head === undefined || !mayKnow(head, readable, call)) throw new AppError('not-found');
  const shown = page.items.filter((v) => readable === undefined || readable.versions.has(v.statement.payload.version));
  return {
    versions: shown.map(versionAnswer),
    ...(head.deletion === undefined ? {} : { deletion: head.deletion }),
    ...next(page),
  };
}

/**
 * Whether the caller may learn that the record exists: the caller is the record's patient, or a recipient whose grant reads a version of the record. A deleted
 * record has no wraps. So every recipient that has a grant of the patient and knows the record's id gets the deletion of the record, and nothing else.
 */
const mayKnow = (head: StoredRecord, readable: ReadableVersions | undefined, { caller }: Call): boolean =>
  readable === undefined
    ? head.patient === caller
    : readable.patient === head.patient && (readable.versions.size > 0 || head.deletion !== undefined);

/** Reads three values at once: the head, the versions, and which versions a recipient may see. The last is undefined if the caller names no grant. */
async function reading(
  { records, grants }: Deps,
  call: Call,
  { recordId }: Input<'get-record'>['params'],
  query: Input<'get-record'>['query'],
) {
  const { grant } = query;
  const wrapped = async () =>
    grant === undefined ? undefined : readableVersions(grants, grant, await records.wraps(recordId), call);
  return Promise.all([records.find(recordId), records.versions(recordId, query), wrapped()]);
}
