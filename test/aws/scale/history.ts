// Writes a long history of one patient directly through the stores (see seed-history.ts): records in one folder, grants, requests and openings. It also returns
// every call that lists something, for the test to make.
import type { RouteName } from '../../../lib/api/routes.ts';
import { newId, type FolderId, type GrantId, type OpeningId, type RecordId } from '../../../lib/bytes/ids.ts';
import type { Folder } from '../../../lib/client/index.ts';
import { requestLife, type GrantState, type RequestState } from '../../../lib/domain/life-cycles.ts';
import { DAY } from '../../../lib/domain/time.ts';
import { companionsLength } from '../../../lib/statements/fields.ts';
import type { Payload } from '../../../lib/statements/kinds.ts';
import { toAttributes } from '../../../lib/stores/dynamo/item.ts';
import {
  endIndex,
  endKey,
  grantIndexes,
  grantKey,
  requestIndexes,
  requestKey,
  stateKey,
} from '../../../lib/stores/dynamo/table.ts';
import type { OpeningView } from '../../../lib/ports/index.ts';
import type { Person } from '../flows/people.ts';
import {
  b64,
  callOf,
  cellOf as anyCell,
  eventOf,
  fake,
  filed,
  grantOf,
  requestOf,
  versionOf,
  withKFrags,
} from '../stores/harness.ts';
import type { Seed } from './seed-history.ts';

export const NOW = Date.now();

/** The number of items of each kind. */
export interface History {
  readonly records: number;
  readonly grants: number;
  readonly events: number;
  /** Whether each item has its largest size instead of its smallest. */
  readonly heavy?: boolean;
}

/** The patient of a history (`person`), the recipient, the folder, and the seed, which writes the items. */
export interface Subject {
  readonly person: Person;
  readonly recipient: Person;
  readonly folder: Folder;
  readonly seed: Seed;
}

/** A cell of the patient's folder, as a grant names it. */
const cellOf = ({ statement: { payload, hash } }: Folder): Payload<'grant'>['cells'][number] => ({
  folder: payload.folder,
  epoch: payload.epoch,
  key: payload.key,
  statement: hash,
  kfrags: [{ proxy: 'service', id: 'A'.repeat(43), hash: 'A'.repeat(43) }],
});

const flushWhenFull = async (seed: Seed): Promise<void> => {
  if (seed.size() > 5_000) await seed.flush();
};

const makeGrant = async (
  { person, recipient, folder, seed }: Subject,
  state: GrantState | 'expired',
  { standing = false, heavy = false }: { readonly standing?: boolean; readonly heavy?: boolean | undefined },
): Promise<Payload<'grant'>> => {
  const patient = person.keys.id;
  const grant = grantOf(patient, recipient.keys.id, {
    cells: [cellOf(folder), ...Array.from({ length: heavy ? 79 : 0 }, () => anyCell())],
    companions: b64(companionsLength(heavy ? 80 : 1)),
    notBefore: NOW - 2 * DAY,
    expires: state === 'expired' ? NOW - DAY : NOW + DAY,
    standing: standing ? { everything: true } : undefined,
  });
  const { payload: p } = grant;
  const event = eventOf('access-granted', patient, { subject: { grant: p.grant }, at: NOW });
  await seed.stores.grants.create([withKFrags(grant)], undefined, [event], callOf(patient, NOW));
  if (state === 'paused' || state === 'revoked') {
    seed.change(stateKey(p.grant), toAttributes({ state }));
    seed.change(grantKey(p.grant), toAttributes(grantIndexes(p, state, p.expires, p.grant)));
  }
  if (state === 'revoked') seed.change(endKey(p.grant), toAttributes(endIndex(patient, NOW, p.grant)));
  await flushWhenFull(seed);
  return p;
};

const makeRequest = async (
  { person, recipient, seed }: Subject,
  state: RequestState,
  heavy: boolean | undefined,
): Promise<void> => {
  const request = requestOf(recipient.keys.id, person.keys.id, {
    until: NOW + DAY,
    ...(heavy === true
      ? { message: b64(5232), scope: { folders: Array.from({ length: 80 }, () => newId<FolderId>()) } }
      : {}),
  });
  const { payload: p } = request;
  const event = eventOf('access-requested', person.keys.id, { actor: recipient.keys.id, at: NOW });
  await seed.stores.requests.create(request, event, callOf(recipient.keys.id, NOW));
  seed.change(requestKey(p.request), toAttributes({ state, ...requestIndexes(p, state, p.until, p.request) }));
};

const openOnce = async (
  { person, recipient, folder, seed }: Subject,
  p: Payload<'grant'>,
  heavy: boolean | undefined,
): Promise<void> => {
  const [patient, opener] = [person.keys.id, recipient.keys.id];
  const records = Array.from({ length: heavy === true ? 100 : 1 }, () => ({ record: newId<RecordId>(), version: 1 }));
  const named = { opening: newId<OpeningId>(), patient, grant: p.grant, folder: folder.id, epoch: 1, records };
  const opening = fake('opening', opener, { ...named, opener, when: NOW });
  const { patient: _, ...subject } = named;
  const event = eventOf('records-opened', patient, { actor: opener, subject, at: NOW, statement: opening.hash });
  const pace = { second: 0, count: 0 };
  const live = { state: 'active', notBefore: 0, expires: NOW + DAY, used: 0, pace } as const;
  const grant = { ...live, patient, recipient: opener, receiving: '', verifying: '' };
  const seen = { grant, head: await seed.stores.audit.head(patient) };
  await seed.stores.openings.record(opening, seen as unknown as OpeningView, event, callOf(opener, NOW));
  await flushWhenFull(seed);
};

/** Makes records in one folder, grants, answered requests, and openings until the trail has `events` events. */
export const makeHistory = async (of: Subject, { records, grants, events, heavy }: History): Promise<void> => {
  const { person, folder, seed } = of;
  const patient = person.keys.id;
  for (let n = 0; n < records; n++) {
    const version = {
      ...versionOf({ patient, folder: folder.id, created: NOW - n }),
      ...(heavy === true ? { metadata: b64(4112) } : {}),
    };
    await seed.stores.records.commit(version, undefined, filed(version), callOf(patient, NOW));
    await flushWhenFull(seed);
  }
  let grant: Payload<'grant'> | undefined;
  for (let n = 0; n < grants; n++) {
    grant = await makeGrant(of, 'active', { heavy });
    await makeRequest(of, requestLife.approve.to, heavy);
    await makeRequest(of, requestLife.deny.to, heavy);
  }
  while ((await seed.stores.audit.head(patient)).seq < events) await openOnce(of, grant!, heavy);
  await seed.flush();
};

/** Makes unsettled grants that have ended, and paused standing grants. The SDK would settle the first and extend the second at once, so it is not used. */
export const makeEnds = async (of: Subject, { grants, heavy }: History): Promise<void> => {
  for (let n = 0; n < grants; n++) {
    await makeGrant(of, 'revoked', { heavy });
    await makeGrant(of, 'expired', { heavy });
    await makeGrant(of, 'paused', { standing: true, heavy });
  }
  await of.seed.flush();
};

/** Every call that returns a list, with every filter. `grant` is a grant of the recipient. */
export const listsOf = ({ person, recipient, folder: { id: folder } }: Subject, grant: GrantId) => {
  const states = ['', ...['active', 'paused', 'expired', 'revoked', 'unsettled', 'standing'].map((s) => `&state=${s}`)];
  const requestStates = ['', '&state=approved', '&state=denied'];
  const params = { folderId: folder, grantId: grant };
  const own = (route: RouteName, query: string) => ({ as: person, name: `${route}${query}`, route, params, query });
  const theirs = (route: RouteName, query: string) => ({ ...own(route, query), as: recipient });
  return [
    { ...own('list-cell-grants', ''), params: { folderId: folder, epoch: '1' } },
    own('list-records', ''),
    { ...theirs('list-records', `&grant=${grant}`), name: 'list-records&grant' },
    own('get-grant', ''),
    ...states.map((s) => own('list-grants', `&as=patient${s}`)),
    ...states.slice(0, 5).map((s) => theirs('list-grants', `&as=recipient${s}`)),
    ...requestStates.map((s) => own('list-requests', `&as=patient${s}`)),
    ...requestStates.map((s) => theirs('list-requests', `&as=recipient${s}`)),
    own('list-audit', '&as=patient'),
    // In every history, ten filed records follow event 2. Their events have evidence; other events have none.
    own('list-audit', '&as=patient&after=2'),
    { ...own('list-audit', `&as=patient&from=${NOW - DAY}&to=${NOW + DAY}`), name: 'list-audit&from&to' },
    theirs('list-audit', '&as=recipient'),
  ];
};
