// Verifies the evidence of an event: the actor's signed statement must agree with the event, so that the service cannot misuse a signature.
import type { AuditEvent, EventKind, EventSubject } from '../../domain/audit-chain.ts';
import type { Jws, Kind, Payload } from '../../statements/kinds.ts';
import { statementHash, verifyStatement } from '../../statements/verify.ts';
import { check, checked } from '../session/errors.ts';
import type { TrailEntry } from '../session/trail.ts';

type Says = (evidence: Jws, event: AuditEvent) => Promise<boolean>;

/** Builds the check for one kind of event: its actor signed a statement of this kind, and both agree. */
const by =
  <K extends Kind>(kind: K, says: (p: Payload<K>, subject: EventSubject, event: AuditEvent) => boolean): Says =>
  async (evidence, event) =>
    says((await verifyStatement(kind, evidence, event.actor)).payload, event.subject, event);

/** Kinds of events that must have evidence. */
const BEHIND: Partial<Record<EventKind, Says>> = {
  'records-opened': by(
    'opening',
    (p, { opening, grant, folder, epoch, records = [] }, { patient }) =>
      p.patient === patient &&
      p.opening === opening &&
      p.grant === grant &&
      p.folder === folder &&
      p.epoch === epoch &&
      p.records.length === records.length &&
      p.records.every((r, i) => r.record === records[i]?.record && r.version === records[i].version),
  ),
  'record-deleted': by(
    'deletion',
    (p, { records: [record] = [] }, { patient }) => p.record === record?.record && p.patient === patient,
  ),
  'request-denied': by('denial', (p, { request }, { patient }) => p.request === request && p.patient === patient),
  'request-withdrawn': by(
    'withdrawal',
    (p, { request }, { patient }) => p.request === request && p.patient === patient,
  ),
  'grant-paused': by('pause', (p, { grant }, { patient }) => p.grant === grant && p.patient === patient),
  'grant-resumed': by('resumption', (p, { grant }, { patient }) => p.grant === grant && p.patient === patient),
  'grant-revoked': by('revocation', (p, { grant }, { patient }) => p.grant === grant && p.patient === patient),
  'grant-returned': by('return', (p, { grant }, { patient }) => p.grant === grant && p.patient === patient),
};

/** Kinds of events that only the patient can cause. */
const BY_PATIENT: ReadonlySet<EventKind> = new Set<EventKind>([
  'registered',
  'folder-created',
  'epoch-started',
  'record-deleted',
  'request-denied',
  'access-granted',
  'grant-extended',
  'grant-paused',
  'grant-resumed',
  'grant-revoked',
]);

/** Kinds of events that may have evidence. The statement is also available elsewhere. */
const MAY_BE_BEHIND: Partial<Record<EventKind, Says>> = {
  registered: by('identity', (p, _, { patient }) => p.id === patient),
};

/**
 * Verifies the evidence of an event: its hash is the one in the event, its kind fits, the event's actor signed it, and its members agree with the event.
 * @throws {ClientError} `unverified` (`evidence`)
 */
export const verifyEvidence = async (
  event: AuditEvent,
  { hash, evidence }: { readonly hash: string; readonly evidence?: Jws | undefined },
): Promise<TrailEntry> => {
  check('evidence', event.actor === event.patient || !BY_PATIENT.has(event.kind));
  const must = BEHIND[event.kind];
  if (evidence === undefined) {
    check('evidence', must === undefined);
    return { ...event, hash };
  }
  const says = must ?? MAY_BE_BEHIND[event.kind];
  check('evidence', says !== undefined && statementHash(evidence) === event.statement);
  check('evidence', await checked('evidence', () => says(evidence, event)));
  return { ...event, hash, evidence };
};
