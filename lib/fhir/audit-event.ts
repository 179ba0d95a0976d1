// Converts events of the trail to FHIR R4 AuditEvent, following the profiles of IHE Basic Audit Log Patterns (BALP).
import type { AuditEvent as FhirAuditEvent, AuditEventAgent, AuditEventEntity, Reference } from 'fhir/r4.js';
import type { GrantId } from '../bytes/ids.ts';
import type { AuditEvent, EventKind } from '../domain/audit-chain.ts';
import type { Purpose } from '../statements/fields.ts';
import { purposeCoding } from './consent.ts';
import {
  coding,
  concept,
  folderRef,
  instantText,
  logical,
  notKnown,
  patientRef,
  serviceRef,
  uuidOf,
  type Origin,
} from './names.ts';

/** A verified entry of the trail. */
export interface ExportedEntry extends AuditEvent {
  readonly hash: string;
}

const BALP = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit';
const TERMS = 'http://terminology.hl7.org/CodeSystem';
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';

type Action = 'C' | 'R' | 'U' | 'D';
type Subject = 'statement' | 'folder' | 'record' | 'request' | 'grant';

/** For each kind of event, the action and the type of the object. The code does not compile if a kind is missing. */
const EFFECTS: Record<EventKind, readonly [Action, Subject]> = {
  registered: ['C', 'statement'],
  'folder-created': ['C', 'folder'],
  'epoch-started': ['U', 'folder'],
  'record-filed': ['C', 'record'],
  'record-deleted': ['D', 'record'],
  'access-requested': ['C', 'request'],
  'request-denied': ['U', 'request'],
  'request-withdrawn': ['U', 'request'],
  'access-granted': ['C', 'grant'],
  'grant-extended': ['U', 'grant'],
  'grant-paused': ['U', 'grant'],
  'grant-resumed': ['U', 'grant'],
  'grant-revoked': ['U', 'grant'],
  'grant-returned': ['U', 'grant'],
  'records-opened': ['R', 'folder'],
};

/** Returns action and object of an event. Filing a later version of a record counts as an update of the record. */
const effectOf = ({ kind, subject }: ExportedEntry): readonly [Action, Subject] =>
  kind === 'record-filed' && (subject.records?.[0]?.version ?? 1) > 1 ? ['U', 'record'] : EFFECTS[kind];

const SOURCE = coding(DICOM, '110153', 'Source Role ID');
const DESTINATION = coding(DICOM, '110152', 'Destination Role ID');
const RECIPIENT = coding(`${TERMS}/v3-ParticipationType`, 'IRCP', 'information recipient');
const AUTHOR = coding(`${TERMS}/v3-ParticipationType`, 'AUT', 'author (originator)');

/** For each action: the profile, the RESTful interaction, and the roles of client, server and user. */
const PATTERNS = {
  C: { profile: 'PatientCreate', interaction: 'create', client: SOURCE, server: DESTINATION, user: AUTHOR },
  R: { profile: 'PatientRead', interaction: 'read', client: DESTINATION, server: SOURCE, user: RECIPIENT },
  U: { profile: 'PatientUpdate', interaction: 'update', client: SOURCE, server: DESTINATION, user: AUTHOR },
  D: {
    profile: 'PatientDelete',
    interaction: 'delete',
    client: coding(DICOM, '110150', 'Application'),
    server: coding(`${TERMS}/provenance-participant-type`, 'custodian', 'Custodian'),
    user: AUTHOR,
  },
} as const satisfies Record<Action, unknown>;

const service = (origin: Origin): Pick<AuditEventAgent, 'who' | 'network'> => ({
  who: serviceRef(origin, 'Device'),
  network: { address: origin, type: '5' },
});

/** Describes the client, of which the service knows only the identity key that signs its requests. */
const client = (origin: Origin, { actor }: ExportedEntry): Pick<AuditEventAgent, 'who' | 'network'> => ({
  who: logical(origin, 'identity', actor, 'Device'),
  network: { _address: notKnown },
});

const actorRef = (origin: Origin, { actor, patient }: ExportedEntry): Reference =>
  actor === patient ? patientRef(origin, patient) : logical(origin, 'identity', actor);

type Frame = Pick<FhirAuditEvent, 'meta' | 'type' | 'subtype' | 'action' | 'agent'>;

const kindCoding = (origin: Origin, { kind }: ExportedEntry) => coding(`${origin}/ids/event-kind`, kind);

const restful = (origin: Origin, entry: ExportedEntry, action: Action): Frame => {
  const pattern = PATTERNS[action];
  return {
    meta: { profile: [`${BALP}.${pattern.profile}`] },
    type: coding(`${TERMS}/audit-event-type`, 'rest', 'Restful Operation'),
    subtype: [
      coding('http://hl7.org/fhir/restful-interaction', pattern.interaction, pattern.interaction),
      // The profile for deletions allows only one subtype. The kind of event is not needed there, because only one kind is a deletion.
      ...(action === 'D' ? [] : [kindCoding(origin, entry)]),
    ],
    action,
    agent: [
      { type: concept(pattern.client), ...client(origin, entry), requestor: false },
      { type: concept(pattern.server), ...service(origin), requestor: false },
      { type: concept(pattern.user), who: actorRef(origin, entry), requestor: true },
    ],
  };
};

/** Describes an opening by somebody who is not the patient, with the profile Privacy Disclosure. */
const disclosure = (origin: Origin, entry: ExportedEntry): Frame => ({
  meta: { profile: [`${BALP}.PrivacyDisclosure.Source`] },
  type: coding(DICOM, '110106', 'Export'),
  subtype: [coding(`${TERMS}/iso-21089-lifecycle`, 'disclose'), kindCoding(origin, entry)],
  action: 'R',
  agent: [
    { type: concept(SOURCE), ...service(origin), requestor: false },
    { type: concept(DESTINATION), ...client(origin, entry), who: actorRef(origin, entry), requestor: true },
    {
      type: concept(coding('http://snomed.info/sct', '429577009', 'Patient Advocate')),
      who: patientRef(origin, entry.patient),
      requestor: false,
    },
  ],
});

interface NamedObject {
  readonly subject: Subject;
  readonly what: Reference;
}

/** Lists all folders, records, requests and grants that an event names. */
const namedObjects = (origin: Origin, { subject: s }: ExportedEntry): readonly NamedObject[] => [
  ...[...new Set([...(s.folder === undefined ? [] : [s.folder]), ...(s.folders ?? [])])].map((f): NamedObject => ({
    subject: 'folder',
    what: folderRef(origin, f),
  })),
  ...(s.records ?? []).map(({ record, version }): NamedObject => ({
    subject: 'record',
    what: logical(origin, 'record-version', `${record}/${version}`, 'DocumentReference'),
  })),
  ...(s.request === undefined
    ? []
    : [{ subject: 'request', what: logical(origin, 'request', s.request, 'Consent') } as const]),
  ...[...new Set([...(s.grant === undefined ? [] : [s.grant]), ...(s.grants ?? [])])].map((g): NamedObject => ({
    subject: 'grant',
    what: logical(origin, 'grant', g, 'Consent'),
  })),
];

const ROLE = `${TERMS}/object-role`;
const DOMAIN_RESOURCE = coding(ROLE, '4', 'Domain Resource');

const entity = ({ what }: NamedObject): AuditEventEntity => ({
  what,
  type: coding('http://hl7.org/fhir/resource-types', what.type!),
  role: DOMAIN_RESOURCE,
});

/** Describes the event's position in the trail, and the members of an event that have no equivalent in FHIR. */
const chainEntity = (origin: Origin, { hash, seq, previous, statement, subject }: ExportedEntry): AuditEventEntity => {
  const { epoch, right, opening } = subject;
  const details = { seq, previous, statement, epoch, right, opening };
  return {
    what: logical(origin, 'audit-event', hash),
    type: coding(`${TERMS}/audit-entity-type`, '4', 'Other'),
    role: coding(ROLE, '13', 'Security Resource'),
    detail: Object.entries(details).flatMap(([type, value]) =>
      value === undefined ? [] : [{ type, valueString: String(value) }],
    ),
  };
};

/** Lists the entities of an event. The profiles require the patient and one object. All other objects that the event names follow. */
const entitiesOf = (origin: Origin, entry: ExportedEntry, subject: Subject): AuditEventEntity[] => {
  const objects = namedObjects(origin, entry);
  const main = objects.find((t) => t.subject === subject);
  return [
    {
      what: patientRef(origin, entry.patient),
      type: coding(`${TERMS}/audit-entity-type`, '1', 'Person'),
      role: coding(ROLE, '1', 'Patient'),
    },
    {
      what: main?.what ?? logical(origin, 'statement', entry.statement),
      type: coding(`${TERMS}/audit-entity-type`, '2', 'System Object'),
      role: DOMAIN_RESOURCE,
    },
    ...objects.filter((t) => t !== main).map(entity),
    chainEntity(origin, entry),
  ];
};

type Purposes = ReadonlyMap<GrantId, Purpose | undefined>;

/** Returns the purpose of an event. An opening has the purpose of its grant. */
const purposeOf = ({ kind, subject }: ExportedEntry, purposes: Purposes): Purpose | undefined =>
  kind === 'records-opened' && subject.grant !== undefined ? purposes.get(subject.grant) : subject.purpose;

/**
 * Converts a verified event to AuditEvent.
 * @param origin scheme, host and port of the service; the names of ids begin with it
 * @param purposes the purpose of each grant, which is also the purpose of the openings of the grant: `purposesIn(trail)`
 */
export const auditEvent = (origin: Origin, entry: ExportedEntry, purposes: Purposes): FhirAuditEvent => {
  const [action, subject] = effectOf(entry);
  const purpose = purposeOf(entry, purposes);
  const disclosed = entry.kind === 'records-opened' && entry.actor !== entry.patient;
  return {
    resourceType: 'AuditEvent',
    id: uuidOf(entry.hash),
    ...(disclosed ? disclosure(origin, entry) : restful(origin, entry, action)),
    recorded: instantText(entry.at),
    outcome: '0',
    ...(purpose === undefined ? {} : { purposeOfEvent: [concept(purposeCoding(purpose))] }),
    source: {
      observer: serviceRef(origin, 'Device'),
      type: [coding(`${TERMS}/security-source-type`, '4', 'Application Server')],
    },
    entity: entitiesOf(origin, entry, subject),
  };
};
