// Use case get-record: returns the versions of a record. A recipient gets the versions that have a wrap for a cell of its grant.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { GrantId, RecordId } from '../bytes/ids.ts';
import type { Call } from '../ports/call.ts';
import { whileRegistered } from './checks/caller.ts';
import type { Grants, Identities, NamedLabel, Records, StoredVersion } from '../ports/index.ts';
import { readableWraps, type ReadableWraps } from './checks/readable-cells.ts';
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
  const { grant, cursor } = query;
  if (head?.patient !== readable.patient) throw new AppError('not-found');
  // A recipient may learn that the record exists if its grant reads a version of it, perhaps on another page. A deleted record has no wraps. So every recipient
  // with a grant of the patient that knows the record's id gets its deletion, and nothing else.
  const isOnPage = readable.wraps.length > 0 || head.deletion !== undefined;
  const isPart = cursor !== undefined || page.next !== undefined;
  if (grant !== undefined && !isOnPage && !(isPart && (await readsAny(deps, call, grant, params.recordId))))
    throw new AppError('not-found');
  const listed = page.items.map((v) => ({ version: v, wrap: wrapFor(v, readable.wraps) }));
  const shown = grant === undefined ? listed : listed.filter(({ wrap }) => wrap !== undefined);
  return {
    versions: shown.map(({ version, wrap }) => versionAnswer(version, wrap)),
    ...(head.deletion === undefined ? {} : { deletion: head.deletion }),
    ...next(page),
  };
}

/** Finds a wrap of the version, if possible the one for the cell in which the version was filed. */
const wrapFor = (
  { statement: { payload: p } }: StoredVersion,
  wraps: readonly NamedLabel[],
): NamedLabel | undefined => {
  const own = wraps.filter((w) => w.version === p.version);
  return own.find((w) => w.folder === p.folder && w.epoch === p.epoch) ?? own[0];
};

/** Whether the grant reads any version of the record. */
async function readsAny({ records, grants }: Deps, call: Call, grant: GrantId, record: RecordId): Promise<boolean> {
  return (await readableWraps(grants, grant, await records.wraps(record), call)).wraps.length > 0;
}

/** Reads three values at once: the head, a page of versions, and the wraps of these versions that the caller may read. The patient may read all. */
async function reading(
  { records, grants }: Deps,
  call: Call,
  { recordId }: Input<'get-record'>['params'],
  { grant, ...page }: Input<'get-record'>['query'],
) {
  const readable = async (): Promise<ReadableWraps<NamedLabel>> => {
    const wraps = await records.wraps(recordId, page);
    return grant === undefined ? { patient: call.caller, wraps } : readableWraps(grants, grant, wraps, call);
  };
  return Promise.all([records.find(recordId), records.versions(recordId, page), readable()]);
}
