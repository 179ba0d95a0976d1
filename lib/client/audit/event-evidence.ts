// Verifies the evidence of an event: the actor's signed statement must agree with the event, so that the service cannot misuse a signature.
import type { AuditEvent, EventKind } from '../../domain/audit-chain.ts';
import type { Jws, Kind, Payload } from '../../statements/kinds.ts';
import { statementHash, verifyStatement } from '../../statements/verify.ts';
import { check, checked, unverified } from '../session/errors.ts';
import type { TrailEntry } from '../session/trail.ts';

/** Who may cause an event: only the patient, only others, or both. */
type Actor = 'patient' | 'others' | 'anyone';

interface Cause {
  readonly actor: Actor;
  /** The kind of statement that the actor signed. */
  readonly statement: Kind;
}
interface CauseInEntry extends Cause {
  /** Whether an entry without the statement is refused. */
  readonly evidence: 'required' | 'optional';
  /** Whether the actor of the event signed this statement, and it agrees with the event. @throws {StatementError} if it does not verify */
  readonly proves: (evidence: Jws, event: AuditEvent) => Promise<boolean>;
}
interface CauseElsewhere extends Cause {
  /**
   * The entry never contains the statement, because another route returns it. The trail alone is then only the word of the service;
   * check-lists-against-trail.ts compares grants and requests with their statements.
   */
  readonly evidence: 'elsewhere';
}
export type EventCause = CauseInEntry | CauseElsewhere;

type Agrees<K extends Kind> = (payload: Payload<K>, event: AuditEvent) => boolean;

const inEntry = <K extends Kind>(
  actor: Actor,
  statement: K,
  agrees: Agrees<K>,
  evidence: 'required' | 'optional' = 'required',
): CauseInEntry => ({
  actor,
  statement,
  evidence,
  proves: async (jws, event) => agrees((await verifyStatement(statement, jws, event.actor)).payload, event),
});

const elsewhere = (actor: Actor, statement: Kind): CauseElsewhere => ({ actor, statement, evidence: 'elsewhere' });

const agreesOnGrant: Agrees<'pause' | 'resumption' | 'revocation' | 'return'> = (p, { patient, subject }) =>
  p.patient === patient && p.grant === subject.grant;
const agreesOnRequest: Agrees<'denial' | 'withdrawal'> = (p, { patient, subject }) =>
  p.patient === patient && p.request === subject.request;
const agreesOnDeletion: Agrees<'deletion'> = (p, { patient, subject: { records: [record] = [] } }) =>
  p.patient === patient && p.record === record?.record;
const agreesOnOpening: Agrees<'opening'> = (p, { patient, subject: { records = [], ...subject } }) =>
  p.patient === patient &&
  p.opening === subject.opening &&
  p.grant === subject.grant &&
  p.folder === subject.folder &&
  p.epoch === subject.epoch &&
  p.records.length === records.length &&
  p.records.every((r, i) => r.record === records[i]?.record && r.version === records[i].version);

/** The cause of every kind of event. The type requires every kind, so that no kind of event lacks a check. docs/spec/audit.md has the same table. */
export const EVENT_CAUSES: Readonly<Record<EventKind, EventCause>> = {
  // Optional, because the identity's route returns the statement too, as long as it is the newest.
  registered: inEntry('patient', 'identity', (p, { patient }) => p.id === patient, 'optional'),
  'folder-created': elsewhere('patient', 'folder'),
  'epoch-started': elsewhere('patient', 'folder'),
  'record-filed': elsewhere('anyone', 'record'),
  'record-deleted': inEntry('patient', 'deletion', agreesOnDeletion),
  'access-requested': elsewhere('others', 'request'),
  'request-denied': inEntry('patient', 'denial', agreesOnRequest),
  'request-withdrawn': inEntry('others', 'withdrawal', agreesOnRequest),
  'access-granted': elsewhere('patient', 'grant'),
  'grant-extended': elsewhere('patient', 'extension'),
  'grant-paused': inEntry('patient', 'pause', agreesOnGrant),
  'grant-resumed': inEntry('patient', 'resumption', agreesOnGrant),
  'grant-revoked': inEntry('patient', 'revocation', agreesOnGrant),
  'grant-returned': inEntry('others', 'return', agreesOnGrant),
  'records-opened': inEntry('anyone', 'opening', agreesOnOpening),
};

const mayAct = (actor: Actor, event: AuditEvent): boolean =>
  actor === 'anyone' || (event.actor === event.patient) === (actor === 'patient');

/**
 * Verifies the cause of an event: its actor is one who may cause it. Its evidence is there if it must be, has the hash that the event names, is signed by
 * the actor, and agrees with the event.
 * @throws {ClientError} `unverified` (`evidence`)
 */
export const verifyEvidence = async (
  event: AuditEvent,
  { hash, evidence }: { readonly hash: string; readonly evidence?: Jws | undefined },
): Promise<TrailEntry> => {
  const cause = EVENT_CAUSES[event.kind];
  check('evidence', mayAct(cause.actor, event));
  if (evidence === undefined) {
    check('evidence', cause.evidence !== 'required');
    return { ...event, hash };
  }
  if (cause.evidence === 'elsewhere') throw unverified('evidence');
  check('evidence', statementHash(evidence) === event.statement);
  check('evidence', await checked('evidence', () => cause.proves(evidence, event)));
  return { ...event, hash, evidence };
};
