// Verifies the evidence of an event: the actor's signed statement must agree with the event, so that the service cannot misuse a signature.
import type { AuditEvent, EventKind } from '../../domain/audit-chain.ts';
import type { Jws, Kind, Payload, Statement, StatementHash } from '../../statements/kinds.ts';
import type { ServiceKey } from '../../statements/service-statements.ts';
import { statementHash, verifyStatement } from '../../statements/verify.ts';
import type { VerifiedEntry } from '../chain/given-access.ts';
import { check, checked } from '../session/errors.ts';

/** Who may cause an event: only the patient, only others, or both. */
type Actor = 'patient' | 'others' | 'anyone';

interface Cause {
  readonly actor: Actor;
  /** The kind of statement that the actor signed. */
  readonly statement: Kind;
}
interface CauseInTrail extends Cause {
  /** The entry of the trail contains the statement. */
  readonly from: 'trail';
  /** @param service the service key of this deployment */
  readonly agrees: (statement: Statement, event: AuditEvent, service: ServiceKey) => boolean;
}
interface CauseInChain extends Cause {
  /** The patient's chain of statements contains the statement. */
  readonly from: 'chain';
  /** @param act the entry of the chain that names the statement, with all its statements */
  readonly agrees: (statement: Statement, event: AuditEvent, act: VerifiedEntry) => boolean;
}
export type EventCause = CauseInTrail | CauseInChain;

type Agrees<K extends Kind> = (payload: Payload<K>, event: AuditEvent, act: VerifiedEntry) => boolean;

const payloadOf = <K extends Kind>(kind: K, statement: Statement): Payload<K> | undefined =>
  statement.kind === kind ? (statement.payload as Payload<K>) : undefined;

const byOthers = <K extends Kind>(
  actor: 'others' | 'anyone',
  statement: K,
  agrees: (payload: Payload<K>, event: AuditEvent, service: ServiceKey) => boolean,
): CauseInTrail => ({
  actor,
  statement,
  from: 'trail',
  agrees: (s, event, service) => {
    const payload = payloadOf(statement, s);
    return payload !== undefined && agrees(payload, event, service);
  },
});

const byPatient = <K extends Kind>(statement: K, agrees: Agrees<K>): CauseInChain => ({
  actor: 'patient',
  statement,
  from: 'chain',
  agrees: (s, event, act) => {
    const payload = payloadOf(statement, s);
    return payload !== undefined && agrees(payload, event, act);
  },
});

const isSame = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i]);
const foldersIn = ({ cells }: Pick<Payload<'grant'>, 'cells'>): readonly string[] => [
  ...new Set(cells.map((c) => c.folder)),
];

/** Tells whether the event names the folder of the statement, and exactly the grants whose extensions are in the same act. */
const agreesOnFolder: Agrees<'folder'> = (p, { kind, patient, subject: s }, { statements }) =>
  p.patient === patient &&
  p.folder === s.folder &&
  p.epoch === s.epoch &&
  (kind === 'folder-created') === (p.epoch === 1) &&
  p.single?.record === s.records?.[0]?.record &&
  p.single?.version === s.records?.[0]?.version &&
  isSame(
    statements.flatMap((e) => payloadOf('extension', e)?.grant ?? []),
    s.grants,
  );
const agreesOnNewGrant: Agrees<'grant'> = (p, { patient, subject: s }) =>
  p.patient === patient &&
  p.grant === s.grant &&
  p.request?.id === s.request &&
  p.right === s.right &&
  p.purpose === s.purpose &&
  isSame(foldersIn(p), s.folders);
const agreesOnExtension: Agrees<'extension'> = (p, { patient, subject: s }) =>
  p.patient === patient && p.grant === s.grant && isSame(foldersIn(p), s.folders);
const agreesOnRecord = (p: Payload<'record'>, { patient, subject: s }: AuditEvent): boolean =>
  p.patient === patient &&
  p.folder === s.folder &&
  p.epoch === s.epoch &&
  p.grant?.id === s.grant &&
  s.records?.length === 1 &&
  p.record === s.records[0]?.record &&
  p.version === s.records[0].version;
/** A request has no tie to a chain of the patient, so its own member must name this deployment. */
const agreesOnNewRequest = (p: Payload<'request'>, { patient, subject: s }: AuditEvent, service: ServiceKey): boolean =>
  p.service === service &&
  p.patient === patient &&
  p.request === s.request &&
  p.purpose === s.purpose &&
  isSame('folders' in p.scope ? p.scope.folders : [], s.folders);
const agreesOnGrant = (
  p: Payload<'pause' | 'resumption' | 'revocation' | 'return'>,
  { patient, subject }: AuditEvent,
): boolean => p.patient === patient && p.grant === subject.grant;
const agreesOnRequest = (p: Payload<'denial' | 'withdrawal'>, { patient, subject }: AuditEvent): boolean =>
  p.patient === patient && p.request === subject.request;
const agreesOnDeletion: Agrees<'deletion'> = (p, { patient, subject: { records: [record] = [] } }) =>
  p.patient === patient && p.record === record?.record;
const agreesOnOpening = (
  p: Payload<'opening'>,
  { patient, subject: { records = [], ...subject } }: AuditEvent,
): boolean =>
  p.patient === patient &&
  p.opening === subject.opening &&
  p.grant === subject.grant &&
  p.folder === subject.folder &&
  p.epoch === subject.epoch &&
  p.records.length === records.length &&
  p.records.every((r, i) => r.record === records[i]?.record && r.version === records[i].version);

/** The cause of every kind of event. The type requires every kind, so that no kind of event lacks a check. docs/spec/audit.md has the same table. */
export const EVENT_CAUSES: Readonly<Record<EventKind, EventCause>> = {
  registered: byPatient('identity', (p, { patient }) => p.id === patient),
  'folder-created': byPatient('folder', agreesOnFolder),
  'epoch-started': byPatient('folder', agreesOnFolder),
  'record-filed': byOthers('anyone', 'record', agreesOnRecord),
  'record-deleted': byPatient('deletion', agreesOnDeletion),
  'access-requested': byOthers('others', 'request', agreesOnNewRequest),
  'request-denied': byPatient('denial', agreesOnRequest),
  'request-withdrawn': byOthers('others', 'withdrawal', (p, event) => agreesOnRequest(p, event)),
  'access-granted': byPatient('grant', agreesOnNewGrant),
  'grant-extended': byPatient('extension', agreesOnExtension),
  'grant-paused': byPatient('pause', agreesOnGrant),
  'grant-resumed': byPatient('resumption', agreesOnGrant),
  'grant-revoked': byPatient('revocation', agreesOnGrant),
  'grant-returned': byOthers('others', 'return', (p, event) => agreesOnGrant(p, event)),
  'records-opened': byOthers('anyone', 'opening', agreesOnOpening),
};

const mayAct = (actor: Actor, event: AuditEvent): boolean =>
  actor === 'anyone' || (event.actor === event.patient) === (actor === 'patient');

/** Finds the entry of the patient's chain that names the statement with this hash. Reads the chain again if the entries read so far do not name it. */
export type FindInChain = (hash: StatementHash) => Promise<VerifiedEntry | undefined>;

/** Whether a statement of the chain has its own event. An extension that came with a new cell has none: the event of the cell names it. */
export const hasOwnEvent = (statement: Statement, { statements }: VerifiedEntry): boolean =>
  statement.kind !== 'extension' || statements[0]?.kind !== 'folder';

/** The statement that caused an event. */
export interface VerifiedCause {
  readonly statement: Statement;
  /** The entry of the patient's chain that names the statement. Absent if others can cause the event. */
  readonly act?: VerifiedEntry;
}

/** Finds and checks the statement in the patient's chain that caused the event. */
const inChain = async (cause: CauseInChain, event: AuditEvent, find: FindInChain): Promise<Required<VerifiedCause>> => {
  const act = await find(event.statement);
  const statement = act?.statements.find((s) => s.hash === event.statement);
  check('evidence', act !== undefined && statement !== undefined && hasOwnEvent(statement, act));
  check('evidence', cause.agrees(statement, event, act));
  return { statement, act };
};

/**
 * Verifies the cause of an event: the actor may cause such an event, the actor signed the statement whose hash the event names, and this statement agrees
 * with the event. If only the patient may cause the event, the statement is in the patient's chain; otherwise the entry of the trail contains it.
 * @param at.find finds the entries of the patient's chain
 * @param at.service the service key of this deployment
 * @throws {ClientError} `unverified` (`evidence`)
 */
export const verifyEvidence = async (
  event: AuditEvent,
  evidence: Jws | undefined,
  at: { readonly find: FindInChain; readonly service: ServiceKey },
): Promise<VerifiedCause> => {
  const cause = EVENT_CAUSES[event.kind];
  check('evidence', mayAct(cause.actor, event));
  if (cause.from === 'chain') {
    const found = await inChain(cause, event, at.find);
    check('evidence', evidence === undefined || evidence === found.statement.jws);
    return found;
  }
  check('evidence', evidence !== undefined && statementHash(evidence) === event.statement);
  const statement = await checked('evidence', () => verifyStatement(cause.statement, evidence, event.actor));
  check('evidence', cause.agrees(statement, event, at.service));
  return { statement };
};
