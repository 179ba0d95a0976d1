// Checks an event of the trail against the events before it: the patient's own acts must allow an opening, a filing, a return or a withdrawal at this point
// of the trail, a filing or a deletion must follow the last version of its record, and an opening must name versions that its cell has. An honest service
// checks the same before it writes the event.
import type { FolderId, GrantId, IdentityId, RecordId } from '../../bytes/ids.ts';
import type { AuditEvent, EventKind } from '../../domain/audit-chain.ts';
import { covers, leavesRoomFor, livenessAt, RIGHT_FACTS, type GrantStatus } from '../../domain/grant.ts';
import { continues, type RecordStatus } from '../../domain/record.ts';
import { instantOf } from '../../domain/time.ts';
import type { GrantCell, Kind, Payload, Statement, StatementHash } from '../../statements/kinds.ts';
import type { VerifiedEntry } from '../chain/given-access.ts';
import { check } from '../session/errors.ts';

/** A grant and its use, by the events of the trail that were read so far. */
interface GrantSoFar {
  readonly statement: Statement<'grant'>;
  /** The cells that the grant and its extensions name. */
  readonly cells: ReadonlySet<string>;
  readonly state: GrantStatus['state'];
  /** Number of records opened so far. */
  readonly used: number;
}

/** The last version of a record, by the events of the trail that were read so far. */
interface RecordSoFar extends RecordStatus {
  readonly folder: FolderId | undefined;
}

interface SoFar {
  readonly grants: Map<GrantId | undefined, GrantSoFar>;
  /** The current epoch of each folder. */
  readonly epochs: Map<FolderId | undefined, number>;
  readonly records: Map<RecordId | undefined, RecordSoFar>;
  /** The deleted records. They stay in `records` too. */
  readonly deleted: Set<RecordId | undefined>;
  /** The versions that each cell has ({@link placesOf}): those that were filed in it, or the one of a single-record folder. */
  readonly places: Set<string>;
  /** The signer of each request, by the hash of the request. */
  readonly requests: Map<StatementHash, IdentityId>;
}

const nameOf = ({ folder, epoch }: { readonly folder?: FolderId | undefined; readonly epoch?: number | undefined }) =>
  `${folder}#${epoch}`;

/** For each record version of the event, its cell and its number as one text. */
const placesOf = ({ subject }: AuditEvent): readonly string[] =>
  (subject.records ?? []).map(({ record, version }) => `${nameOf(subject)} ${record} ${version}`);

const namesOf = (cells: readonly GrantCell[]): readonly string[] => cells.map(nameOf);

const change = ({ grants }: SoFar, id: GrantId | undefined, by: (grant: GrantSoFar) => Partial<GrantSoFar>): void => {
  const grant = grants.get(id);
  if (grant !== undefined) grants.set(id, { ...grant, ...by(grant) });
};

const isOfKind = <K extends Kind>(kind: K, s: Statement): s is Statement<K> => s.kind === kind;

const extend = (soFar: SoFar, { payload: { grant, cells } }: Statement<'extension'>): void =>
  change(soFar, grant, (g) => ({ cells: new Set([...g.cells, ...namesOf(cells)]) }));

const start = (soFar: SoFar, statement: Statement<'grant'>): void => {
  const { grant, cells } = statement.payload;
  soFar.grants.set(grant, { statement, cells: new Set(namesOf(cells)), state: 'active', used: 0 });
};

const isLive = ({ statement: { payload: p }, state, used }: GrantSoFar, records: number, at: number): boolean => {
  const status = { state, notBefore: p.notBefore, expires: p.expires, limit: p.openings, used };
  return livenessAt(status, instantOf(at)).live && leavesRoomFor(status, records);
};

/** Whether the grant allows its recipient to open the records of this event. */
const allowsOpening = (grant: GrantSoFar, { actor, at, subject }: AuditEvent): boolean => {
  const { recipient, right } = grant.statement.payload;
  const isOpener = recipient === actor && RIGHT_FACTS[right].opensRecords;
  return isOpener && grant.cells.has(nameOf(subject)) && isLive(grant, subject.records?.length ?? 0, at);
};

/** Whether the version is the first one of its record, or follows the last one in the same folder. No version follows a deletion. */
const followsLast = ({ records, deleted }: SoFar, payload: Payload<'record'>): boolean => {
  const { record, folder } = payload;
  const last = records.get(record);
  return !deleted.has(record) && continues(payload, last) && (last === undefined || last.folder === folder);
};

/** Whether the deletion names the last version of its record, and the event its number and folder. */
const namesLast = ({ records }: SoFar, { of, record }: Payload<'deletion'>, { subject }: AuditEvent): boolean => {
  const last = records.get(record);
  return of === last?.latestHash && subject.folder === last.folder && subject.records?.[0]?.version === last.latest;
};

type Allowed = (soFar: SoFar, event: AuditEvent, statement: Statement) => boolean;

/** The rules for the kinds of events that need an earlier event. All other kinds have their statement in the patient's chain, or need no earlier event. */
const RULES: Readonly<Partial<Record<EventKind, Allowed>>> = {
  'records-opened': ({ grants, places }, event) => {
    const { actor, patient, subject } = event;
    if (!placesOf(event).every((place) => places.has(place))) return false;
    if (subject.grant === undefined) return actor === patient;
    const grant = grants.get(subject.grant);
    return grant !== undefined && allowsOpening(grant, event);
  },
  'record-filed': (soFar, { actor, patient, subject, at }, statement) => {
    const record = statement.payload as Payload<'record'>;
    if (subject.epoch !== soFar.epochs.get(subject.folder) || !followsLast(soFar, record)) return false;
    if (subject.grant === undefined) return actor === patient;
    const grant = soFar.grants.get(subject.grant);
    return grant !== undefined && covers(grant.statement, record) && isLive(grant, 0, at);
  },
  'record-deleted': (soFar, event, statement) => namesLast(soFar, statement.payload as Payload<'deletion'>, event),
  'grant-returned': ({ grants }, { actor, subject }, statement) => {
    const grant = grants.get(subject.grant);
    if (grant?.statement.hash !== (statement.payload as Payload<'return'>).of) return false;
    return grant.statement.payload.recipient === actor && grant.state !== 'revoked';
  },
  'request-withdrawn': ({ requests }, { actor }, statement) =>
    requests.get((statement.payload as Payload<'withdrawal'>).of) === actor,
};

type Effect = (soFar: SoFar, event: AuditEvent, act: VerifiedEntry | undefined) => void;

const changesState =
  (state: GrantSoFar['state']): Effect =>
  (soFar, { subject }) =>
    change(soFar, subject.grant, () => ({ state }));

const addPlaces = ({ places }: SoFar, event: AuditEvent): void => {
  for (const place of placesOf(event)) places.add(place);
};

const startsEpoch: Effect = (soFar, event, act) => {
  soFar.epochs.set(event.subject.folder, event.subject.epoch ?? 0);
  addPlaces(soFar, event);
  for (const s of act?.statements ?? []) if (isOfKind('extension', s)) extend(soFar, s);
};

/** Finds the statement of the event in its entry of the chain. */
const statementIn = (act: VerifiedEntry | undefined, { statement }: AuditEvent): Statement | undefined =>
  act?.statements.find((s) => s.hash === statement);

const EFFECTS: Readonly<Partial<Record<EventKind, Effect>>> = {
  'folder-created': startsEpoch,
  'epoch-started': startsEpoch,
  'record-filed': (soFar, event) => {
    const { folder, records: [filed] = [] } = event.subject;
    soFar.records.set(filed?.record, { latest: filed?.version ?? 0, latestHash: event.statement, folder });
    addPlaces(soFar, event);
  },
  'record-deleted': ({ deleted }, { subject: { records: [gone] = [] } }) => void deleted.add(gone?.record),
  'access-requested': ({ requests }, { statement, actor }) => void requests.set(statement, actor),
  'access-granted': (soFar, event, act) => {
    const s = statementIn(act, event);
    if (s !== undefined && isOfKind('grant', s)) start(soFar, s);
  },
  'grant-extended': (soFar, event, act) => {
    const s = statementIn(act, event);
    if (s !== undefined && isOfKind('extension', s)) extend(soFar, s);
  },
  'grant-paused': changesState('paused'),
  'grant-resumed': changesState('active'),
  'grant-revoked': changesState('revoked'),
  'grant-returned': changesState('revoked'),
  'records-opened': (soFar, { subject: { grant, records = [] } }) =>
    change(soFar, grant, (g) => ({ used: g.used + records.length })),
};

export interface EarlierEvents {
  /** Checks that the earlier events allow this one. @throws {ClientError} `unverified` (`evidence`) */
  readonly assertAllow: (event: AuditEvent, statement: Statement) => void;
  /** Adds a verified event. @param act the entry of the patient's chain that names the statement of the event, if there is one */
  readonly add: (event: AuditEvent, act: VerifiedEntry | undefined) => void;
}

/** Creates the state before the first event of a trail. The events must be added in order. */
export const createEarlierEvents = (): EarlierEvents => {
  const soFar: SoFar = {
    grants: new Map(),
    epochs: new Map(),
    records: new Map(),
    deleted: new Set(),
    places: new Set(),
    requests: new Map(),
  };
  return {
    assertAllow: (event, statement) => check('evidence', RULES[event.kind]?.(soFar, event, statement) ?? true),
    add: (event, act) => EFFECTS[event.kind]?.(soFar, event, act),
  };
};
